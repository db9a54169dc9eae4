package io.multicluster.cache;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files of one kind's state: generations, counted upwards, each of a checkpoint (all objects
 * where it begins) and a log (what happened until the next one begins). A folder belongs to one
 * process at a time.
 */
final class StateFiles implements AutoCloseable {
  private static final String CHECKPOINT = ".checkpoint";
  private static final String LOG = ".log";
  private static final String UNFINISHED = ".unfinished";

  /**
   * A client that hears of no change is told its position by a bookmark a minute: some of these may
   * be missed, by restarts in quick succession, before it has to list anew.
   */
  private static final Duration HISTORY = Duration.ofMinutes(5);

  private static final int MOST_GENERATIONS = 16;

  /** Of the logs of more than the last generation, in bytes: a restart reads all into memory. */
  private static final long MOST_LOGGED = 64L << 20;

  private final Path folder;
  private final FileChannel lock;

  private StateFiles(Path folder, FileChannel lock) {
    this.folder = folder;
    this.lock = lock;
  }

  /**
   * @param folder made if it is missing, for its owner only
   * @throws IOException if it can't be used, or is in use
   */
  static StateFiles open(Path folder) throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    FileChannel lock =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!locked(lock)) {
      lock.close();
      throw new IOException(folder + " is in use by another gateway");
    }
    return new StateFiles(folder, lock);
  }

  private static boolean locked(FileChannel lock) throws IOException {
    try {
      return lock.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  Path log(long generation) {
    return folder.resolve(generation + LOG);
  }

  Path checkpoint(long generation) {
    return folder.resolve(generation + CHECKPOINT);
  }

  /** Where a checkpoint is written until it is complete. */
  Path unfinished(long generation) {
    return folder.resolve(generation + UNFINISHED);
  }

  /**
   * The checkpoint is complete: what lies before the history that is to be kept is not needed any
   * more, nor are checkpoints within it.
   */
  void finish(long generation) throws IOException {
    Files.move(unfinished(generation), checkpoint(generation), StandardCopyOption.ATOMIC_MOVE);
    long first = historyBegin(generation);
    for (Path file : list()) {
      long number = generation(file);
      boolean within = number > first && number < generation && !file.toString().endsWith(LOG);
      if (number < first || within) {
        Files.delete(file);
      }
    }
  }

  /**
   * The last generation from which the logs reach back far enough; if that would be too much, or
   * there is none, the first that is not, which is the one before at least.
   */
  private long historyBegin(long generation) throws IOException {
    Instant farEnough = Instant.now().minus(HISTORY);
    long first = generation;
    for (long earlier : checkpoints().reversed()) {
      if (earlier >= generation) {
        continue;
      }
      boolean tooMuch =
          generation - earlier > MOST_GENERATIONS || logged(earlier, generation) > MOST_LOGGED;
      if (first < generation && tooMuch) {
        break;
      }
      first = earlier;
      if (!Files.getLastModifiedTime(checkpoint(earlier)).toInstant().isAfter(farEnough)) {
        break;
      }
    }
    return first;
  }

  /** Bytes of the logs from one generation to before another. */
  private long logged(long from, long to) throws IOException {
    long bytes = 0;
    for (long generation = from; generation < to; generation++) {
      bytes += Files.exists(log(generation)) ? Files.size(log(generation)) : 0;
    }
    return bytes;
  }

  /** Deletes everything. */
  void clear() throws IOException {
    for (Path file : list()) {
      Files.delete(file);
    }
  }

  /** The generations that have a complete checkpoint, in order. */
  List<Long> checkpoints() throws IOException {
    return list().stream()
        .filter(file -> file.toString().endsWith(CHECKPOINT))
        .map(StateFiles::generation)
        .sorted()
        .toList();
  }

  /** The highest number in use; 0 if none is. */
  long last() throws IOException {
    return list().stream().mapToLong(StateFiles::generation).max().orElse(0);
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }

  private List<Path> list() throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.list(folder)) {
      all.filter(file ->
              file.getFileName().toString().matches("[0-9]{1,18}\\.(checkpoint|log|unfinished)"))
          .forEach(files::add);
    }
    return files;
  }

  private static long generation(Path file) {
    String name = file.getFileName().toString();
    return Long.parseLong(name.substring(0, name.indexOf('.')));
  }
}
