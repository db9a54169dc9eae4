package io.multicluster.server.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** What the log does to files, so that tests can have disks that fail. */
interface Disk {
  /** An open file that is written at its end. */
  interface Appender extends AutoCloseable {
    /** Writes all of {@code bytes}; part of them may be in the file if it fails. */
    void write(ByteBuffer bytes) throws IOException;

    /** Returns once everything written is on disk. */
    void force() throws IOException;

    void truncate(long size) throws IOException;

    long size() throws IOException;

    @Override
    void close() throws IOException;
  }

  /** Opens a file for its owner only, made if it is missing. */
  Appender open(Path file) throws IOException;

  /** The real one. */
  Disk REAL =
      file -> {
        FileChannel channel =
            FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return new Appender() {
          @Override
          public void write(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
              channel.write(bytes, channel.size());
            }
          }

          @Override
          public void force() throws IOException {
            // The length changes with each write, so this is what fdatasync does too.
            channel.force(false);
          }

          @Override
          public void truncate(long size) throws IOException {
            channel.truncate(size);
          }

          @Override
          public long size() throws IOException {
            return channel.size();
          }

          @Override
          public void close() throws IOException {
            channel.close();
          }
        };
      };
}
