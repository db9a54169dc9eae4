package io.multicluster.wire.status;

import io.multicluster.wire.status.Status.Cause;
import io.multicluster.wire.status.Status.Details;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes a {@link Status} byte for byte as kube-apiserver does. */
public final class StatusEncoder {
  private static final byte[] PROTOBUF_HEAD = {
    'k', '8', 's', 0, 0x0a, 12, 0x0a, 2, 'v', '1', 0x12, 6, 'S', 't', 'a', 't', 'u', 's'
  };

  private StatusEncoder() {}

  /** JSON with a final line feed. */
  public static byte[] json(Status status) {
    return (object(status) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** The JSON object alone, as it stands in an ERROR event of a watch. */
  public static byte[] jsonObject(Status status) {
    return object(status).getBytes(StandardCharsets.UTF_8);
  }

  /** The protobuf message in its envelope: a whole answer, or the object of an ERROR event. */
  public static byte[] protobuf(Status status) {
    byte[] message = message(status);
    ProtoOut out = new ProtoOut();
    out.writeBytes(PROTOBUF_HEAD);
    out.field(2, message);
    out.field(3, "");
    out.field(4, "");
    return out.toByteArray();
  }

  private static String object(Status status) {
    StringBuilder out = new StringBuilder(256);
    out.append("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{");
    member(out, "continue", status.continueToken());
    out.append('}');
    member(out, "status", status.success() ? "Success" : "Failure");
    member(out, "message", status.message());
    member(out, "reason", status.reason());
    Details details = status.details();
    if (details != null) {
      out.append(",\"details\":{");
      member(out, "name", details.name());
      member(out, "group", details.group());
      member(out, "kind", details.kind());
      member(out, "uid", details.uid());
      causes(out, details);
      if (details.retryAfterSeconds() != 0) {
        name(out, "retryAfterSeconds").append(details.retryAfterSeconds());
      }
      out.append('}');
    }
    if (status.code() != 0) {
      name(out, "code").append(status.code());
    }
    return out.append('}').toString();
  }

  private static void causes(StringBuilder out, Details details) {
    if (details.causes().isEmpty()) {
      return;
    }
    name(out, "causes").append('[');
    for (Cause cause : details.causes()) {
      if (out.charAt(out.length() - 1) == '}') {
        out.append(',');
      }
      out.append('{');
      member(out, "reason", cause.reason());
      member(out, "message", cause.message());
      member(out, "field", cause.field());
      out.append('}');
    }
    out.append(']');
  }

  private static void member(StringBuilder out, String name, String value) {
    if (!value.isEmpty()) {
      string(name(out, name), value);
    }
  }

  private static StringBuilder name(StringBuilder out, String name) {
    if (out.charAt(out.length() - 1) != '{') {
      out.append(',');
    }
    return out.append('"').append(name).append("\":");
  }

  private static void string(StringBuilder out, String value) {
    out.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"', '\\' -> out.append('\\').append(c);
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20 || c == '<' || c == '>' || c == '&' || c == '\u2028' || c == '\u2029') {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private static byte[] message(Status status) {
    ProtoOut metadata = new ProtoOut();
    metadata.field(1, "");
    metadata.field(2, "");
    metadata.field(3, status.continueToken());
    ProtoOut out = new ProtoOut();
    out.field(1, metadata.toByteArray());
    out.field(2, status.success() ? "Success" : "Failure");
    out.field(3, status.message());
    out.field(4, status.reason());
    Details details = status.details();
    if (details != null) {
      out.field(5, message(details));
    }
    out.field(6, status.code());
    return out.toByteArray();
  }

  private static byte[] message(Details details) {
    ProtoOut out = new ProtoOut();
    out.field(1, details.name());
    out.field(2, details.group());
    out.field(3, details.kind());
    for (Cause cause : details.causes()) {
      ProtoOut message = new ProtoOut();
      message.field(1, cause.reason());
      message.field(2, cause.message());
      message.field(3, cause.field());
      out.field(4, message.toByteArray());
    }
    out.field(5, details.retryAfterSeconds());
    out.field(6, details.uid());
    return out.toByteArray();
  }

  private static final class ProtoOut extends ByteArrayOutputStream {
    void field(int number, String value) {
      field(number, value.getBytes(StandardCharsets.UTF_8));
    }

    void field(int number, byte[] value) {
      write(number << 3 | 2);
      varint(value.length);
      writeBytes(value);
    }

    void field(int number, int value) {
      write(number << 3);
      varint(value);
    }

    private void varint(int value) {
      int left = value;
      while ((left & ~0x7f) != 0) {
        write(left | 0x80);
        left >>>= 7;
      }
      write(left);
    }
  }
}
