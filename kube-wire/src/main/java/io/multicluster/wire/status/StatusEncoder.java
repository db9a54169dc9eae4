package io.multicluster.wire.status;

import io.multicluster.wire.json.JsonIndenter;
import io.multicluster.wire.json.JsonWriter;
import io.multicluster.wire.json.YamlWriter;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.status.Status.Cause;
import io.multicluster.wire.status.Status.Details;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Arrays;

/** Writes a {@link Status} byte for byte as kube-apiserver does. */
public final class StatusEncoder {
  private static final Envelope ENVELOPE = new Envelope("v1", "Status");

  private StatusEncoder() {}

  /** JSON with a final line feed. */
  public static byte[] json(Status status) {
    byte[] object = jsonObject(status);
    byte[] line = Arrays.copyOf(object, object.length + 1);
    line[object.length] = '\n';
    return line;
  }

  /** Indented JSON, without a final line feed. */
  public static byte[] prettyJson(Status status) {
    ByteBuf out = Unpooled.buffer(512);
    new JsonIndenter().indent(Unpooled.wrappedBuffer(jsonObject(status)), out);
    return ByteBufUtil.getBytes(out);
  }

  /** YAML. */
  public static byte[] yaml(Status status) {
    ByteBuf out = Unpooled.buffer(512);
    YamlWriter yaml = new YamlWriter();
    yaml.write(Unpooled.wrappedBuffer(jsonObject(status)), out);
    yaml.end(out);
    return ByteBufUtil.getBytes(out);
  }

  /** The JSON object alone, as it stands in an ERROR event of a watch. */
  public static byte[] jsonObject(Status status) {
    JsonWriter json = new JsonWriter(512);
    json.beginObject().name("kind").value("Status").name("apiVersion").value("v1");
    json.name("metadata").beginObject();
    member(json, "continue", status.continueToken());
    json.endObject().name("status").value(result(status));
    member(json, "message", status.message());
    member(json, "reason", status.reason());
    if (status.details() != null) {
      json.name("details");
      details(json, status.details());
    }
    if (status.code() != 0) {
      json.name("code").value(status.code());
    }
    return json.endObject().toByteArray();
  }

  /** The protobuf message in its envelope: a whole answer, or the object of an ERROR event. */
  public static byte[] protobuf(Status status) {
    byte[] message = message(status).toByteArray();
    ByteBuf out = Unpooled.buffer(message.length + 64);
    ENVELOPE.write(out, message, 0, message.length);
    return ByteBufUtil.getBytes(out);
  }

  private static void details(JsonWriter json, Details details) {
    json.beginObject();
    member(json, "name", details.name());
    member(json, "group", details.group());
    member(json, "kind", details.kind());
    member(json, "uid", details.uid());
    if (!details.causes().isEmpty()) {
      json.name("causes").beginArray();
      for (Cause cause : details.causes()) {
        json.beginObject();
        member(json, "reason", cause.reason());
        member(json, "message", cause.message());
        member(json, "field", cause.field());
        json.endObject();
      }
      json.endArray();
    }
    if (details.retryAfterSeconds() != 0) {
      json.name("retryAfterSeconds").value(details.retryAfterSeconds());
    }
    json.endObject();
  }

  private static void member(JsonWriter json, String name, String value) {
    if (!value.isEmpty()) {
      json.name(name).value(value);
    }
  }

  private static String result(Status status) {
    return status.success() ? "Success" : "Failure";
  }

  private static ProtoWriter message(Status status) {
    ProtoWriter metadata =
        new ProtoWriter().string(1, "").string(2, "").string(3, status.continueToken());
    ProtoWriter out =
        new ProtoWriter()
            .message(1, metadata)
            .string(2, result(status))
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
