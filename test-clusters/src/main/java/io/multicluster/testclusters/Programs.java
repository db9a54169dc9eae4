package io.multicluster.testclusters;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The Go programs that real clusters are made of, and kubectl of several releases. {@code
 * test-clusters/programs/build} makes them and says where they are kept. Thread-safe.
 */
public final class Programs {
  private static final String PREBUILT = "MCA_PROGRAMS";
  private static final Path SCRIPT = Path.of("test-clusters", "programs", "build");

  private final Path folder;

  private Programs(Path folder) {
    this.folder = folder;
  }

  /**
   * Why the named programs can't be had, as a sentence; empty if they are there or could be built.
   */
  public static Optional<String> unavailable(String... names) {
    Path script = script();
    if (script == null) {
      return Stream.of(names).filter(name -> !isPrebuilt(name)).findFirst().map(Programs::noScript);
    }
    List<String> complaints = new ArrayList<>();
    int exit = run(script, complaints::add, _ -> {}, withOption("-n", names));
    return exit == 0 ? Optional.empty() : Optional.of(String.join("; ", complaints));
  }

  /** Whether the named programs are there already. */
  public static boolean built(String... names) {
    Path script = script();
    if (script == null) {
      return Stream.of(names).allMatch(Programs::isPrebuilt);
    }
    List<String> folder = new ArrayList<>();
    return run(script, _ -> {}, folder::add, withOption("-n", names)) == 0 && !folder.isEmpty();
  }

  /**
   * Builds those of the named programs that are not there yet, which takes minutes the first time.
   *
   * @param progress gets a line now and then while something is built
   * @throws TestClusterException if a program can't be had
   */
  public static Programs get(Consumer<String> progress, String... names) {
    Path script = script();
    if (script == null) {
      for (String name : names) {
        if (!isPrebuilt(name)) {
          throw new TestClusterException(noScript(name));
        }
      }
      return new Programs(Path.of(System.getenv(PREBUILT)));
    }
    List<String> errors = new ArrayList<>();
    List<String> output = new ArrayList<>();
    Consumer<String> onError =
        line -> {
          errors.add(line);
          progress.accept(line);
        };
    if (run(script, onError, output::add, names) != 0 || output.isEmpty()) {
      throw new TestClusterException("can't have real clusters: " + String.join("\n", errors));
    }
    return new Programs(Path.of(output.getLast()));
  }

  /** Where the program is that was asked for by that name. */
  public Path path(String name) {
    return folder.resolve(name);
  }

  private static boolean isPrebuilt(String name) {
    String prebuilt = System.getenv(PREBUILT);
    return prebuilt != null && Files.isExecutable(Path.of(prebuilt, name));
  }

  private static String noScript(String name) {
    return "%s is neither in the folder that %s names, nor is %s in this folder or above it to build it"
        .formatted(name, PREBUILT, SCRIPT);
  }

  private static String[] withOption(String option, String... names) {
    return Stream.concat(Stream.of(option), Stream.of(names)).toArray(String[]::new);
  }

  /**
   * The build script of the checkout that this JVM was started in, or that this class was built in.
   */
  private static @Nullable Path script() {
    for (Path start : List.of(Path.of("").toAbsolutePath(), ownPlace())) {
      for (Path folder = start; folder != null; folder = folder.getParent()) {
        if (Files.isExecutable(folder.resolve(SCRIPT))) {
          return folder.resolve(SCRIPT);
        }
      }
    }
    return null;
  }

  private static Path ownPlace() {
    try {
      return Path.of(Programs.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int run(
      Path script, Consumer<String> error, Consumer<String> output, String... arguments) {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(arguments));
    try {
      Process build = new ProcessBuilder(command).start();
      try {
        build.getOutputStream().close();
        try (var lines = build.errorReader(StandardCharsets.UTF_8).lines()) {
          lines.forEach(error);
        }
        try (var lines = build.inputReader(StandardCharsets.UTF_8).lines()) {
          lines.forEach(output);
        }
        return build.waitFor();
      } finally {
        build.descendants().forEach(ProcessHandle::destroy);
        build.destroy();
      }
    } catch (IOException e) {
      throw new TestClusterException("can't run " + script, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestClusterException("interrupted while " + script + " ran", e);
    }
  }
}
