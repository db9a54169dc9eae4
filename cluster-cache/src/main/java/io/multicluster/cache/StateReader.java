package io.multicluster.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/** Reads a file of {@link StateWriter}, record by record, as far as it is sound. */
final class StateReader implements AutoCloseable {
  /** Above any object that an API server can store. */
  private static final int LONGEST = 64 << 20;

  private final DataInputStream in;
  private final CRC32C checksum = new CRC32C();
  private ByteBuffer content = ByteBuffer.allocate(0);
  private boolean sound = true;

  /**
   * @throws IOException if the file can't be read
   */
  StateReader(Path path) throws IOException {
    this.in = new DataInputStream(new BufferedInputStream(Files.newInputStream(path), 1 << 18));
  }

  /**
   * The next record, whose content can be read then; {@link StateRecord#END} too where the file
   * ends, or where it is damaged: see {@link #sound}.
   *
   * @throws IOException if it can't be read, or has a record that is not known here
   */
  StateRecord next() throws IOException {
    try {
      int length = in.readInt();
      int expected = in.readInt();
      if (length < 1 || length > LONGEST) {
        return damaged();
      }
      byte[] bytes = in.readNBytes(length);
      checksum.reset();
      checksum.update(bytes);
      if (bytes.length < length || (int) checksum.getValue() != expected) {
        return damaged();
      }
      content = ByteBuffer.wrap(bytes, 1, length - 1);
      return StateRecord.of(bytes[0]);
    } catch (EOFException e) {
      return damaged();
    }
  }

  /** False once the file ended without saying so, or in the middle of a record. */
  boolean sound() {
    return sound;
  }

  long number() {
    return content.getLong();
  }

  int index() {
    return Math.toIntExact(number());
  }

  String text() {
    return new String(bytes(), UTF_8);
  }

  byte[] bytes() {
    byte[] bytes = new byte[index()];
    content.get(bytes);
    return bytes;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  private StateRecord damaged() {
    sound = false;
    return StateRecord.END;
  }
}
