package io.multicluster.cache;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Compresses one body at level 1, as kube-apiserver does. Not thread-safe. */
final class Gzip implements AutoCloseable {
  /** RFC 1952: magic, deflate, no flags, no time, fastest, unknown system. */
  private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 4, (byte) 255};

  private final Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
  private final CRC32 checksum = new CRC32();
  private long length;

  /**
   * @param plain released
   * @param last whether the body ends here
   */
  ByteBuf compress(ByteBuf plain, boolean last) {
    ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer(plain.readableBytes() / 4 + 512);
    try {
      if (length == 0) {
        out.writeBytes(HEADER);
      }
      ByteBuffer input = plain.nioBuffer();
      checksum.update(input.duplicate());
      length += input.remaining();
      deflater.setInput(input);
      if (last) {
        deflater.finish();
      }
      while (last ? !deflater.finished() : !deflater.needsInput()) {
        out.ensureWritable(512);
        ByteBuffer room = out.nioBuffer(out.writerIndex(), out.writableBytes());
        out.writerIndex(out.writerIndex() + deflater.deflate(room, Deflater.NO_FLUSH));
      }
      if (last) {
        out.writeIntLE((int) checksum.getValue()).writeIntLE((int) length);
      }
      return out;
    } catch (RuntimeException e) {
      out.release();
      throw e;
    } finally {
      plain.release();
    }
  }

  @Override
  public void close() {
    deflater.end();
  }
}
