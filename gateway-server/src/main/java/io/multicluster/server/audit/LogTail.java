package io.multicluster.server.audit;

import io.multicluster.server.audit.LogFile.Opened;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the log line by line behind its writer, across what is set aside, from a place that
 * survives restarts. Only what was written whole is read, never what a failed write may take back.
 * One thread.
 */
final class LogTail implements AutoCloseable {
  private static final int CHUNK = 64 * 1024;

  /** Names a file by how it begins: its first line has an audit ID and times. */
  private static final int LONGEST_HEAD = 4096;

  /**
   * A place in the log: so many bytes into the file that begins so.
   *
   * @param head empty before the first line of a log that is still empty
   */
  record Position(String head, long offset) {}

  /**
   * Some lines, each with its line feed, and the place behind them.
   *
   * @param gap whether files were deleted that held lines before these
   */
  record Batch(List<byte[]> lines, Position next, boolean gap) {}

  private final LogFile log;
  private @Nullable FileChannel channel;
  private int generation = -1;
  private Position position;
  private boolean gap;

  /** Begins at a place; an unknown one means that what held it was deleted. */
  LogTail(LogFile log, Position position) {
    this.log = log;
    this.position = position;
  }

  /** The end of the log as it is now. */
  static Position end(LogFile log) throws IOException {
    try (Opened now = log.read()) {
      return new Position(head(now.channel(), now.committed()), now.committed());
    }
  }

  /**
   * What comes next; empty if there is nothing yet.
   *
   * @param most how many lines
   * @param mostBytes of all lines together; a longer one comes alone
   */
  Batch next(int most, int mostBytes) throws IOException {
    List<byte[]> lines = new ArrayList<>();
    boolean more = channel != null || find();
    while (more) {
      long offset = position.offset();
      offset += lines(offset, end(), most, mostBytes, lines);
      String head = position.head();
      if (head.isEmpty() && !lines.isEmpty()) {
        head = head(channel(), offset);
      }
      position = new Position(head, offset);
      more = lines.isEmpty() && advance();
    }
    Batch batch = new Batch(lines, position, gap);
    gap = false;
    return batch;
  }

  private long end() throws IOException {
    LogFile.Extent extent = log.extent();
    // What was set aside is complete.
    return extent.generation() == generation ? extent.size() : channel().size();
  }

  private FileChannel channel() {
    return Objects.requireNonNull(channel);
  }

  /** Reads lines up to a place; returns how long they are. */
  private long lines(long from, long end, int most, int mostBytes, List<byte[]> lines)
      throws IOException {
    long at = from;
    int length = CHUNK;
    while (at < end && lines.size() < most && at - from < mostBytes) {
      byte[] bytes = bytes(at, (int) Math.min(length, end - at));
      int start = 0;
      for (int i = 0; i < bytes.length && lines.size() < most; i++) {
        if (bytes[i] != '\n') {
          continue;
        }
        int line = i + 1 - start;
        if (!lines.isEmpty() && at + start + line - from > mostBytes) {
          return at + start - from;
        }
        lines.add(Arrays.copyOfRange(bytes, start, i + 1));
        start = i + 1;
      }
      at += start;
      if (start == 0 && bytes.length < length) {
        return at - from; // A line that is not whole: nobody was told that it was written.
      }
      length = start == 0 ? length * 2 : CHUNK;
    }
    return at - from;
  }

  private byte[] bytes(long at, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining() && channel().read(buffer, at + buffer.position()) >= 0) {}
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  /** Opens the file of the position, or the oldest there is if that file is gone. */
  private boolean find() throws IOException {
    List<Path> aside = LogFile.backups(log.file());
    int own = indexOf(aside, position.head());
    if (own >= 0) {
      return open(aside.get(own), position.offset());
    }
    Opened now = log.read();
    boolean begun = !position.head().isEmpty();
    if (begun && head(now.channel(), now.committed()).equals(position.head())) {
      return take(now, Math.min(position.offset(), now.committed()));
    }
    now.close();
    gap |= begun;
    return aside.isEmpty() ? openPresent(aside) : open(aside.getFirst(), 0);
  }

  /** Goes on to the next file, if this one was set aside. */
  private boolean advance() throws IOException {
    if (log.extent().generation() == generation) {
      return false;
    }
    List<Path> aside = LogFile.backups(log.file());
    int own = indexOf(aside, position.head());
    // Deleted while it was read: perhaps others after it were too.
    gap |= own < 0;
    return own + 1 < aside.size() ? open(aside.get(own + 1), 0) : openPresent(aside);
  }

  /**
   * Opens the file that is written now, unless one was set aside since {@code aside} was listed.
   */
  private boolean openPresent(List<Path> aside) throws IOException {
    Opened now = log.read();
    if (!LogFile.backups(log.file()).equals(aside)) {
      now.close();
      return advance();
    }
    return take(now, 0);
  }

  private boolean take(Opened now, long offset) throws IOException {
    closeChannel();
    channel = now.channel();
    generation = now.generation();
    position = new Position(head(now.channel(), now.committed()), offset);
    return true;
  }

  private boolean open(Path aside, long offset) throws IOException {
    closeChannel();
    FileChannel opened = FileChannel.open(aside, StandardOpenOption.READ);
    channel = opened;
    generation = -1;
    position = new Position(head(opened, opened.size()), Math.min(offset, opened.size()));
    return true;
  }

  private static int indexOf(List<Path> files, String head) throws IOException {
    for (int i = files.size() - 1; i >= 0; i--) {
      try (FileChannel file = FileChannel.open(files.get(i), StandardOpenOption.READ)) {
        if (head(file, file.size()).equals(head)) {
          return i;
        }
      } catch (NoSuchFileException deleted) {
        return -1; // And all that are older.
      }
    }
    return -1;
  }

  /** A digest of how the first line begins; empty if there is none yet. */
  private static String head(FileChannel file, long size) throws IOException {
    ByteBuffer start = ByteBuffer.allocate((int) Math.min(LONGEST_HEAD, size));
    while (start.hasRemaining() && file.read(start, start.position()) >= 0) {}
    int end = 0;
    while (end < start.position() && start.get(end) != '\n') {
      end++;
    }
    if (end == 0 || (end == start.position() && end < LONGEST_HEAD)) {
      return "";
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(start.array(), 0, end);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private void closeChannel() {
    FileChannel open = channel;
    channel = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  @Override
  public void close() {
    closeChannel();
  }
}
