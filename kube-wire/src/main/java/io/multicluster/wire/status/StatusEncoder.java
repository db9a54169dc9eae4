package io.multicluster.wire.status;

import io.multicluster.wire.json.JsonIndenter;
import io.multicluster.wire.json.JsonText;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.status.Status.Cause;
import io.multicluster.wire.status.Status.Details;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** Writes a {@link Status} byte for byte as kube-apiserver does. */
public final class StatusEncoder {
  private static final Envelope ENVELOPE = new Envelope("v1", "Status");

  private StatusEncoder() {}

  /** JSON with a final line feed. */
  public static byte[] json(Status status) {
    return ByteBufUtil.getBytes(object(status).writeByte('\n'));
  }

  /** Indented JSON, without a final line feed. */
  public static byte[] prettyJson(Status status) {
    ByteBuf out = Unpooled.buffer(512);
    new JsonIndenter().write(object(status), out);
    return ByteBufUtil.getBytes(out);
  }

  /** The JSON object alone, as it stands in an ERROR event of a watch. */
  public static byte[] jsonObject(Status status) {
    return ByteBufUtil.getBytes(object(status));
  }

  /** The protobuf message in its envelope: a whole answer, or the object of an ERROR event. */
  public static byte[] protobuf(Status status) {
    byte[] message = message(status).toByteArray();
    ByteBuf out = Unpooled.buffer(message.length + 64);
    ENVELOPE.write(out, message, 0, message.length);
    return ByteBufUtil.getBytes(out);
  }

  private static ByteBuf object(Status status) {
    ByteBuf out = Unpooled.buffer(512);
    ascii(out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{");
    member(out, "continue", status.continueToken());
    ascii(out, status.success() ? "},\"status\":\"Success\"" : "},\"status\":\"Failure\"");
    member(out, "message", status.message());
    member(out, "reason", status.reason());
    Details details = status.details();
    if (details != null) {
      ascii(out, ",\"details\":{");
      member(out, "name", details.name());
      member(out, "group", details.group());
      member(out, "kind", details.kind());
      member(out, "uid", details.uid());
      causes(out, details);
      if (details.retryAfterSeconds() != 0) {
        name(out, "retryAfterSeconds");
        ascii(out, Integer.toString(details.retryAfterSeconds()));
      }
      out.writeByte('}');
    }
    if (status.code() != 0) {
      name(out, "code");
      ascii(out, Integer.toString(status.code()));
    }
    return out.writeByte('}');
  }

  private static void causes(ByteBuf out, Details details) {
    if (details.causes().isEmpty()) {
      return;
    }
    name(out, "causes");
    char before = '[';
    for (Cause cause : details.causes()) {
      out.writeByte(before).writeByte('{');
      member(out, "reason", cause.reason());
      member(out, "message", cause.message());
      member(out, "field", cause.field());
      out.writeByte('}');
      before = ',';
    }
    out.writeByte(']');
  }

  private static void member(ByteBuf out, String name, String value) {
    if (!value.isEmpty()) {
      name(out, name);
      JsonText.write(out, value);
    }
  }

  private static void name(ByteBuf out, String name) {
    if (out.getByte(out.writerIndex() - 1) != '{') {
      out.writeByte(',');
    }
    out.writeByte('"');
    ascii(out, name);
    out.writeByte('"').writeByte(':');
  }

  private static void ascii(ByteBuf out, String text) {
    out.writeCharSequence(text, StandardCharsets.US_ASCII);
  }

  private static ProtoWriter message(Status status) {
    ProtoWriter metadata =
        new ProtoWriter().string(1, "").string(2, "").string(3, status.continueToken());
    ProtoWriter out =
        new ProtoWriter()
            .message(1, metadata)
            .string(2, status.success() ? "Success" : "Failure")
            .string(3, status.message())
            .string(4, status.reason());
    Details details = status.details();
    if (details != null) {
      out.message(5, message(details));
    }
    return out.int64(6, status.code());
  }

  private static ProtoWriter message(Details details) {
    ProtoWriter out =
        new ProtoWriter()
            .string(1, details.name())
            .string(2, details.group())
            .string(3, details.kind());
    for (Cause cause : details.causes()) {
      out.message(
          4,
          new ProtoWriter()
              .string(1, cause.reason())
              .string(2, cause.message())
              .string(3, cause.field()));
    }
    return out.int64(5, details.retryAfterSeconds()).string(6, details.uid());
  }
}
