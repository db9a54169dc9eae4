package io.multicluster.testclusters;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A program that runs as long as it is wanted and never longer than this JVM: a shutdown hook ends
 * it, and where no hook can run (SIGKILL), the end of its standard input does, which our programs
 * take as their own. Thread-safe.
 */
final class ChildProcess {
  private static final Set<ChildProcess> RUNNING = ConcurrentHashMap.newKeySet();
  private static final int TAIL_BYTES = 4096;

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> RUNNING.forEach(ChildProcess::kill), "end-programs"));
  }

  private final String name;
  private final Process process;
  private final Path log;

  private ChildProcess(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  /**
   * Starts {@code command} in {@code folder} with its output appended to {@code NAME.log} there.
   */
  static ChildProcess start(String name, Path folder, List<String> command) {
    Path log = folder.resolve(name + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().put("MCA_EXIT_ON_STDIN_EOF", "1");
    try {
      ChildProcess child = new ChildProcess(name, builder.start(), log);
      RUNNING.add(child);
      var _ = child.process.onExit().thenRun(() -> RUNNING.remove(child));
      return child;
    } catch (IOException e) {
      throw new TestClusterException("can't start " + name + ": " + command.getFirst(), e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** What a person needs to see why it ended: its exit code and the last lines of its log. */
  String obituary() {
    try (var file = Files.newByteChannel(log)) {
      file.position(Math.max(0, file.size() - TAIL_BYTES));
      byte[] tail = new byte[TAIL_BYTES];
      int read = Math.max(0, file.read(ByteBuffer.wrap(tail)));
      return "%s ended with code %d; the end of %s:%n%s"
          .formatted(
              name, process.exitValue(), log, new String(tail, 0, read, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** SIGKILL to it and all that it started; returns when it is gone. */
  void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        throw new TestClusterException(name + " is not gone 10 s after SIGKILL");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sends a signal that Java has no method for, such as {@code STOP}. */
  void signal(String signal) {
    try {
      Process kill =
          new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
              .inheritIO()
              .start();
      if (kill.waitFor() != 0) {
        throw new TestClusterException("can't send SIG" + signal + " to " + name);
      }
    } catch (IOException e) {
      throw new TestClusterException("can't send SIG" + signal + " to " + name, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
