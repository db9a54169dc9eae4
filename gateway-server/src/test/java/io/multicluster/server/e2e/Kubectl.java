package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.testclusters.Programs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The real kubectl of one release, with one kubeconfig and a cache folder of its own. */
final class Kubectl {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final Path program;
  private final Path kubeconfig;
  private final Path home;

  private Kubectl(Path program, Path kubeconfig, Path home) {
    this.program = program;
    this.kubeconfig = kubeconfig;
    this.home = home;
  }

  /**
   * @param minor such as {@code 1.36}
   */
  static Kubectl of(String minor, Path kubeconfig) {
    String name = "kubectl-" + minor;
    Path program = Programs.get(line -> System.err.println(line), name).path(name);
    try {
      Path homes = Files.createDirectories(Path.of("target", "kubectl"));
      return new Kubectl(
          program, kubeconfig, Files.createTempDirectory(homes, "home").toAbsolutePath());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  Kubectl as(Path otherKubeconfig) {
    return new Kubectl(program, otherKubeconfig, home);
  }

  /** What a run left behind. */
  record Result(int exit, String out, String err) {
    List<String> lines() {
      return out.lines().map(String::stripTrailing).toList();
    }
  }

  /** Runs to the end and expects success. */
  Result ok(String... arguments) {
    Result result = run("", Map.of(), arguments);
    assertThat(result.exit())
        .as("kubectl %s: %s%s", String.join(" ", arguments), result.out(), result.err())
        .isZero();
    return result;
  }

  /** Runs to the end, successful or not. */
  Result run(String... arguments) {
    return run("", Map.of(), arguments);
  }

  Result run(String input, Map<String, String> environment, String... arguments) {
    ProcessBuilder builder = builder(arguments);
    builder.environment().putAll(environment);
    return Command.run(builder, input, TIMEOUT);
  }

  /** Starts a command that goes on, such as a watch. */
  Following follow(String... arguments) {
    try {
      return new Following(builder(arguments).redirectErrorStream(true).start());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Starts a command on a terminal of its own, which {@code script} of util-linux provides. */
  Following onTerminal(int rows, int columns, String... arguments) {
    String command =
        "stty rows %d cols %d; exec %s"
            .formatted(
                rows,
                columns,
                builder(arguments).command().stream()
                    .map(word -> "'" + word.replace("'", "'\\''") + "'")
                    .collect(Collectors.joining(" ")));
    ProcessBuilder builder = builder();
    builder.command("script", "--quiet", "--return", "--flush", "--command", command, "/dev/null");
    try {
      return new Following(builder.redirectErrorStream(true).start());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A command under way. */
  static final class Following implements AutoCloseable {
    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<String> seen = new ArrayList<>();

    private Following(Process process) {
      this.process = process;
      Thread.ofVirtual().start(() -> process.inputReader().lines().forEach(lines::add));
    }

    /** Waits for a line that matches, and returns it. */
    String await(String regex) {
      try {
        while (true) {
          String line = lines.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
          if (line == null) {
            throw new AssertionError(
                "no line matches " + regex + " among:\n" + String.join("\n", seen));
          }
          seen.add(line);
          if (line.matches(regex)) {
            return line;
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }

    /** Sends a line to its standard input. */
    void type(String line) throws IOException {
      process.outputWriter(StandardCharsets.UTF_8).append(line).append('\n').flush();
    }

    /** Ends its standard input and waits for its end. */
    int exit() throws IOException, InterruptedException {
      process.outputWriter(StandardCharsets.UTF_8).close();
      assertThat(process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS))
          .as("kubectl ends")
          .isTrue();
      return process.exitValue();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  private ProcessBuilder builder(String... arguments) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of("--kubeconfig", kubeconfig.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("HOME", home.toString());
    builder.environment().remove("KUBECONFIG");
    return builder;
  }
}
