package io.multicluster.server.audit;

import io.multicluster.server.audit.Disk.Appender;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of the log, those set aside before it, and the space held in reserve. What {@link
 * #append} has not written whole is not there at all. One thread, but for what says otherwise.
 */
final class LogFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogFile.class);

  /** Some hundred intents. */
  private static final int PROBE = 256 * 1024;

  /** As kube-apiserver names what it sets aside. */
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss.SSS");

  private final LogSettings settings;
  private final Disk disk;
  private final Clock clock;
  private final FileChannel lock;
  private @Nullable Appender current;
  private long size;
  private boolean reserved;
  private volatile Extent extent = new Extent(0, 0);

  /**
   * How much is written whole.
   *
   * @param generation which file it is: how many were set aside before it
   */
  record Extent(int generation, long size) {}

  /** The file that is written now, opened to be read. */
  record Opened(FileChannel channel, int generation, long committed) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /**
   * Opens the log, made with its folder if it is missing. A line that a crash cut off is taken
   * away: nobody was told that it was written.
   *
   * @throws IOException if it can't be written, or another process writes it
   */
  LogFile(LogSettings settings, Disk disk, Clock clock) throws IOException {
    this.settings = settings;
    this.disk = disk;
    this.clock = clock;
    Path folder = folder();
    if (Files.notExists(folder)) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    lock = FileChannel.open(beside(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (lock.tryLock() == null) {
        throw new IOException("another process writes the audit log " + settings.file());
      }
      dropTornLine(settings.file());
      open();
      extent = new Extent(0, size);
      reserve();
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static void dropTornLine(Path file) throws IOException {
    if (Files.notExists(file)) {
      return;
    }
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      long end = bytes.length();
      while (end > 0) {
        bytes.seek(end - 1);
        if (bytes.read() == '\n') {
          break;
        }
        end--;
      }
      if (end < bytes.length()) {
        bytes.setLength(end);
      }
    }
  }

  private Appender open() throws IOException {
    Appender opened = disk.open(settings.file());
    size = opened.size();
    current = opened;
    forceFolder();
    return opened;
  }

  /**
   * Writes whole lines.
   *
   * @param durable whether they must be on disk when this returns
   * @throws IOException if they can't be; nothing of them is in the file then
   */
  void append(ByteBuffer lines, boolean durable) throws IOException {
    Appender out = current == null ? reopen() : current;
    if (size > 0 && size + lines.remaining() > settings.maxBytes()) {
      out = rotate(out);
    }
    int length = lines.remaining();
    try {
      out.write(lines);
      if (durable) {
        out.force();
      }
    } catch (IOException | RuntimeException e) {
      undo(out, e);
      throw e;
    }
    size += length;
    extent = new Extent(extent.generation, size);
  }

  /** How much of the present file is written whole. Any thread. */
  Extent extent() {
    return extent;
  }

  /** Opens the present file to be read. Any thread. */
  synchronized Opened read() throws IOException {
    Extent written = extent;
    return new Opened(
        FileChannel.open(settings.file(), StandardOpenOption.READ),
        written.generation,
        written.size);
  }

  Path file() {
    return settings.file();
  }

  private void undo(Appender out, Exception cause) {
    try {
      out.truncate(size);
    } catch (IOException e) {
      cause.addSuppressed(e);
      close(out);
      current = null;
    }
  }

  /** Opens the file again, without what a failed write may have left behind its end. */
  private Appender reopen() throws IOException {
    long end = size;
    Appender opened = open();
    if (size > end) {
      opened.truncate(end);
      size = end;
    }
    return opened;
  }

  private synchronized Appender rotate(Appender full) throws IOException {
    full.force();
    Path aside;
    Instant now = clock.instant();
    do {
      aside = beside("-" + STAMP.format(LocalDateTime.ofInstant(now, ZoneOffset.UTC)) + suffix());
      now = now.plusMillis(1);
    } while (Files.exists(aside));
    try {
      Files.move(settings.file(), aside);
    } catch (IOException e) {
      LOG.warn("The audit log can't be set aside and grows beyond its size", e);
      return full;
    }
    close(full);
    current = null;
    size = 0;
    // Before anything fails: another file of the same generation would be taken for the same file.
    extent = new Extent(extent.generation + 1, 0);
    Appender next = open();
    prune();
    return next;
  }

  private void prune() {
    try {
      List<Path> backups = backups(settings.file());
      int surplus = settings.maxBackups() == 0 ? 0 : backups.size() - settings.maxBackups();
      for (int i = 0; i < backups.size(); i++) {
        if (i < surplus || isOld(backups.get(i))) {
          Files.deleteIfExists(backups.get(i));
        }
      }
    } catch (IOException e) {
      LOG.warn("Old parts of the audit log can't be deleted", e);
    }
  }

  private boolean isOld(Path backup) {
    Instant setAside = setAsideAt(settings.file(), backup);
    return !settings.maxAge().isZero()
        && setAside != null
        && setAside.plus(settings.maxAge()).isBefore(clock.instant());
  }

  /** What was set aside of a log, oldest first. */
  static List<Path> backups(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return new ArrayList<>(
          files
              .filter(other -> setAsideAt(file, other) != null)
              .sorted(Comparator.comparing(other -> other.getFileName().toString()))
              .toList());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static @Nullable Instant setAsideAt(Path file, Path other) {
    String prefix = stem(file) + "-";
    String name = String.valueOf(other.getFileName());
    String suffix = suffix(file);
    if (!name.startsWith(prefix)
        || !name.endsWith(suffix)
        || name.length() < prefix.length() + suffix.length()) {
      return null;
    }
    try {
      return LocalDateTime.parse(
              name.substring(prefix.length(), name.length() - suffix.length()), STAMP)
          .toInstant(ZoneOffset.UTC);
    } catch (DateTimeParseException somethingElse) {
      return null;
    }
  }

  /**
   * Sets space aside.
   *
   * @throws IOException if there is none
   */
  void reserve() throws IOException {
    if (reserved) {
      return;
    }
    Path file = beside(".reserve");
    try (Appender space = disk.open(file)) {
      ByteBuffer zeros = ByteBuffer.allocate(64 * 1024);
      space.truncate(0);
      for (long left = settings.reserveBytes(); left > 0; left -= zeros.capacity()) {
        zeros.clear().limit((int) Math.min(left, zeros.capacity()));
        space.write(zeros);
      }
      space.force();
      reserved = true;
    } finally {
      if (!reserved) {
        Files.deleteIfExists(file);
      }
    }
  }

  /**
   * Sees whether there is space beside the reserve.
   *
   * @throws IOException if there is none
   */
  void probe() throws IOException {
    Path file = beside(".probe");
    try (Appender space = disk.open(file)) {
      space.write(ByteBuffer.allocate(PROBE));
      space.force();
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** Gives the reserved space free. */
  void useReserve() {
    reserved = false;
    try {
      Files.deleteIfExists(beside(".reserve"));
    } catch (IOException e) {
      LOG.warn("The reserve of the audit log can't be given free", e);
    }
  }

  /** A new file is there after a crash only if its folder says so. */
  private void forceFolder() throws IOException {
    try (FileChannel folder = FileChannel.open(folder(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  private Path folder() {
    return java.util.Objects.requireNonNull(settings.file().toAbsolutePath().getParent());
  }

  Path beside(String ending) {
    return settings.file().resolveSibling(stem(settings.file()) + ending);
  }

  private String suffix() {
    return suffix(settings.file());
  }

  private static String suffix(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.substring(stem(file).length());
  }

  private static String stem(Path file) {
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    return dot <= 0 ? name : name.substring(0, dot);
  }

  private static void close(Appender appender) {
    try {
      appender.close();
    } catch (IOException e) {
      LOG.warn("A file of the audit log did not close", e);
    }
  }

  @Override
  public void close() throws IOException {
    if (current != null) {
      current.force();
      current.close();
      current = null;
    }
    lock.close();
  }
}
