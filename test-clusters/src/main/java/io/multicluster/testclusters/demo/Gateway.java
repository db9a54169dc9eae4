package io.multicluster.testclusters.demo;

import io.multicluster.testclusters.TestClusterException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The gateway's program as a process of its own, started as this JVM was: same class path, same
 * flags, same main class.
 */
final class Gateway implements AutoCloseable {
  private static final List<String> PROGRAM = program();

  private final Process server;
  private final Path log;

  private Gateway(Process server, Path log) {
    this.server = server;
    this.log = log;
  }

  /** Starts {@code serve}; does not wait for it. */
  static Gateway serve(Path configuration, Path log) {
    List<String> command = new ArrayList<>(PROGRAM);
    command.addAll(List.of("serve", "--config", configuration.toString()));
    try {
      Process server =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      return new Gateway(server, log);
    } catch (IOException e) {
      throw new TestClusterException("can't start the gateway", e);
    }
  }

  /** Runs another command of the program to its end. */
  static void run(String... arguments) {
    List<String> command = new ArrayList<>(PROGRAM);
    command.addAll(List.of(arguments));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new TestClusterException(String.join(" ", arguments) + " failed:\n" + output);
      }
    } catch (IOException e) {
      throw new TestClusterException("can't run " + String.join(" ", arguments), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestClusterException("interrupted during " + String.join(" ", arguments), e);
    }
  }

  boolean isAlive() {
    return server.isAlive();
  }

  /** Its exit code and the end of its log. */
  String obituary() {
    try {
      List<String> lines = Files.readAllLines(log);
      List<String> tail = lines.subList(Math.max(0, lines.size() - 20), lines.size());
      return "the gateway ended with code %d; the end of %s:%n%s"
          .formatted(server.exitValue(), log, String.join("\n", tail));
    } catch (IOException e) {
      return "the gateway ended with code " + server.exitValue() + "; see " + log;
    }
  }

  void awaitEnd() throws InterruptedException {
    server.waitFor();
  }

  @Override
  public void close() {
    server.destroy();
    try {
      if (!server.waitFor(15, TimeUnit.SECONDS)) {
        server.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      server.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private static List<String> program() {
    List<String> program = new ArrayList<>();
    program.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    program.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    program.add("-cp");
    program.add(System.getProperty("java.class.path"));
    @Nullable String command = System.getProperty("sun.java.command");
    if (command == null) {
      throw new TestClusterException("this JVM does not tell its main class (sun.java.command)");
    }
    program.add(command.split(" ", 2)[0]);
    return program;
  }
}
