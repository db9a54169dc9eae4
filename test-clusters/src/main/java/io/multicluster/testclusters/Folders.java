package io.multicluster.testclusters;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Takes away what tests, benchmarks and demos wrote. */
public final class Folders {
  private Folders() {}

  /**
   * Deletes what is in the folder, if there is one; the folder stays.
   *
   * @throws UncheckedIOException if something can't be deleted
   */
  public static void clear(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        if (!file.equals(folder)) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Deletes the file or folder, if there is one, with all that is in it.
   *
   * @throws UncheckedIOException if something can't be deleted
   */
  public static void delete(Path path) {
    clear(path);
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
