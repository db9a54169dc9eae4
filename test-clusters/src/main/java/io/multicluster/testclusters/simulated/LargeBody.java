package io.multicluster.testclusters.simulated;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Compresses an answer once it turns out to be large, as kube-apiserver does from 128 KiB on. */
final class LargeBody extends OutputStream {
  private final int threshold;
  private final String contentType;
  private final ServerResponse response;
  private final ByteArrayOutputStream head = new ByteArrayOutputStream();
  private @Nullable OutputStream compressed;

  LargeBody(int threshold, String contentType, ServerResponse response) {
    this.threshold = threshold;
    this.contentType = contentType;
    this.response = response;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    if (compressed != null) {
      compressed.write(bytes, offset, length);
      return;
    }
    head.write(bytes, offset, length);
    if (head.size() > threshold) {
      response.header("content-encoding", "gzip");
      response.header("vary", "Accept-Encoding");
      OutputStream out =
          new GZIPOutputStream(response.stream(200, contentType, -1), 8192) {
            {
              def.setLevel(1);
            }
          };
      compressed = out;
      head.writeTo(out);
      head.reset();
    }
  }

  @Override
  public void close() throws IOException {
    if (compressed != null) {
      compressed.close();
    } else {
      response.send(200, contentType, head.toByteArray());
    }
  }
}
