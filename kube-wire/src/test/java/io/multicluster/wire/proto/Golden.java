package io.multicluster.wire.proto;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Kubernetes' own test objects, every field filled; see the NOTICE beside them. */
public final class Golden {
  private Golden() {}

  /** An enveloped object, such as of {@code core.v1.Pod}. */
  public static byte[] enveloped(String type) {
    return read(type + ".pb");
  }

  /** The object's bare message. */
  public static byte[] bare(String type) {
    byte[] body = enveloped(type);
    Envelope.Content content = Envelope.open(body, 0, body.length);
    return Arrays.copyOfRange(body, content.rawStart(), content.rawEnd());
  }

  /** The same object in JSON, indented. */
  public static String json(String type) {
    return new String(read(type + ".json"), StandardCharsets.UTF_8);
  }

  private static byte[] read(String file) {
    try (InputStream in = Golden.class.getResourceAsStream("/golden/" + file)) {
      if (in == null) {
        throw new IllegalArgumentException("no golden file " + file);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
