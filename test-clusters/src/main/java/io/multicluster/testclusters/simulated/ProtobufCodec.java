package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.Schema.Field;
import io.multicluster.testclusters.simulated.Schema.Message;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ProtoReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.Map;

/**
 * Kubernetes' JSON of built-in kinds to protobuf and back. Like the code that Kubernetes generates,
 * it writes fields in ascending number, and those that are no pointers even when they are zero.
 */
final class ProtobufCodec {
  private static final byte[] MAGIC = {'k', '8', 's', 0};

  private ProtobufCodec() {}

  /** The message's bytes, without envelope. */
  static byte[] encode(Message message, ObjectNode object) {
    Writer out = new Writer();
    message.fields().stream()
        .sorted((a, b) -> Integer.compare(a.number(), b.number()))
        .forEach(field -> encode(field, object, out));
    return out.toByteArray();
  }

  private static void encode(Field field, ObjectNode object, Writer out) {
    if (field.inline()) {
      out.bytes(field.number(), encode(field.requireMessage(), object));
      return;
    }
    JsonNode value = object.get(field.name());
    boolean absent = value == null || value.isNull();
    switch (field.shape()) {
      case ONE -> {
        if (!absent) {
          value(field, value, out);
        } else if (!field.optional()) {
          zero(field, out);
        }
      }
      case LIST -> {
        if (!absent) {
          value.forEach(element -> value(field, element, out));
        }
      }
      case MAP -> {
        if (!absent) {
          value
              .propertyStream()
              .sorted(Map.Entry.comparingByKey())
              .forEach(entry -> {
                Writer pair = new Writer();
                pair.string(1, entry.getKey());
                value(withNumber(field, 2), entry.getValue(), pair);
                out.bytes(field.number(), pair.toByteArray());
              });
        }
      }
    }
  }

  private static Field withNumber(Field field, int number) {
    return new Field(
        field.name(),
        number,
        Schema.Shape.ONE,
        field.kind(),
        field.message(),
        false,
        false,
        false,
        false,
        "",
        Schema.Topology.PLAIN);
  }

  private static void zero(Field field, Writer out) {
    switch (field.kind()) {
      case STRING,
          BYTES,
          TIME,
          MICRO_TIME,
          FIELDS_V1,
          RAW_EXTENSION,
          STRING_LIST,
          JSON,
          SCHEMA_OR_OTHER,
          DOUBLE ->
          out.bytes(field.number(), new byte[0]);
      case BOOL, INT32, INT64 -> out.number(field.number(), 0);
      case DURATION -> value(field, Json.text("0s"), out);
      case QUANTITY -> value(field, Json.text("0"), out);
      case INT_OR_STRING -> value(field, Json.number(0), out);
      case MESSAGE -> out.bytes(field.number(), encode(field.requireMessage(), Json.object()));
    }
  }

  private static void value(Field field, JsonNode value, Writer out) {
    int number = field.number();
    switch (field.kind()) {
      case STRING -> out.string(number, value.asText());
      case BYTES -> out.bytes(number, Base64.getDecoder().decode(value.asText()));
      case BOOL -> out.number(number, value.asBoolean() ? 1 : 0);
      case INT32, INT64 -> out.number(number, value.asLong());
      case TIME, MICRO_TIME -> {
        if (value.isNull()) {
          out.bytes(number, new byte[0]);
        } else {
          Instant instant = OffsetDateTime.parse(value.asText()).toInstant();
          Writer time = new Writer();
          time.number(1, instant.getEpochSecond());
          time.number(2, instant.getNano());
          out.bytes(number, time.toByteArray());
        }
      }
      case DURATION -> {
        Writer duration = new Writer();
        duration.number(1, GoDuration.parse(value.asText()).toNanos());
        out.bytes(number, duration.toByteArray());
      }
      case QUANTITY -> {
        Writer quantity = new Writer();
        quantity.string(1, value.asText());
        out.bytes(number, quantity.toByteArray());
      }
      case INT_OR_STRING -> {
        Writer either = new Writer();
        either.number(1, value.isTextual() ? 1 : 0);
        either.number(2, value.isTextual() ? 0 : value.asLong());
        either.string(3, value.isTextual() ? value.asText() : "");
        out.bytes(number, either.toByteArray());
      }
      case FIELDS_V1, RAW_EXTENSION -> {
        Writer raw = new Writer();
        raw.bytes(1, Json.bytes(value));
        out.bytes(number, raw.toByteArray());
      }
      case STRING_LIST -> {
        Writer list = new Writer();
        value.forEach(element -> list.string(1, element.asText()));
        out.bytes(number, list.toByteArray());
      }
      case MESSAGE ->
          out.bytes(
              number,
              encode(field.requireMessage(), value instanceof ObjectNode o ? o : Json.object()));
      case JSON, SCHEMA_OR_OTHER, DOUBLE ->
          throw new IllegalStateException(field.name() + " has no protobuf form");
    }
  }

  /** The object in normal form, without kind and apiVersion. */
  static ObjectNode decode(Message message, byte[] bytes) {
    return Canonical.of(message, decode(message, new ProtoReader(bytes))).object();
  }

  private static ObjectNode decode(Message message, ProtoReader in) {
    ObjectNode out = Json.object();
    while (in.next()) {
      Field field = message.numbered(in.field());
      if (field == null) {
        continue;
      }
      if (field.inline()) {
        out.setAll(decode(field.requireMessage(), in.message()));
        continue;
      }
      switch (field.shape()) {
        case ONE -> out.set(field.name(), value(field, in));
        case LIST -> {
          ArrayNode list =
              out.get(field.name()) instanceof ArrayNode a ? a : out.putArray(field.name());
          list.add(value(field, in));
        }
        case MAP -> {
          ProtoReader pair = in.message();
          String key = "";
          JsonNode value = Json.nothing();
          while (pair.next()) {
            if (pair.field() == 1) {
              key = pair.string();
            } else if (pair.field() == 2) {
              value = value(field, pair);
            }
          }
          Json.child(out, field.name()).set(key, value);
        }
      }
    }
    return out;
  }

  private static JsonNode value(Field field, ProtoReader in) {
    return switch (field.kind()) {
      case STRING -> Json.text(in.string());
      case BYTES -> Json.text(Base64.getEncoder().encodeToString(content(in)));
      case BOOL -> Json.bool(in.bool());
      case INT32 -> Json.number(in.int32());
      case INT64 -> Json.number(in.int64());
      case TIME, MICRO_TIME -> time(in.message(), field.kind() == Schema.Kind.TIME);
      case DURATION -> {
        long nanos = 0;
        for (ProtoReader duration = in.message(); duration.next(); ) {
          nanos = duration.int64();
        }
        yield Json.text(GoDuration.format(Duration.ofNanos(nanos)));
      }
      case QUANTITY -> {
        String text = "0";
        for (ProtoReader quantity = in.message(); quantity.next(); ) {
          text = quantity.string();
        }
        yield Json.text(text);
      }
      case INT_OR_STRING -> intOrString(in.message());
      case FIELDS_V1, RAW_EXTENSION -> raw(in.message());
      case STRING_LIST -> {
        ArrayNode list = Json.array();
        for (ProtoReader items = in.message(); items.next(); ) {
          list.add(items.string());
        }
        yield list;
      }
      case MESSAGE -> decode(field.requireMessage(), in.message());
      case JSON, SCHEMA_OR_OTHER, DOUBLE ->
          throw new MalformedProtoException(field.name() + " has no protobuf form");
    };
  }

  private static JsonNode time(ProtoReader in, boolean seconds) {
    boolean present = false;
    long second = 0;
    long nano = 0;
    while (in.next()) {
      present = true;
      if (in.field() == 1) {
        second = in.int64();
      } else if (in.field() == 2) {
        nano = in.int64();
      }
    }
    if (!present) {
      return Json.nothing();
    }
    Instant instant = Instant.ofEpochSecond(second, nano);
    return Json.text((seconds ? Canonical.SECONDS : Canonical.MICROS).format(instant));
  }

  private static JsonNode intOrString(ProtoReader in) {
    boolean text = false;
    long number = 0;
    String string = "";
    while (in.next()) {
      switch (in.field()) {
        case 1 -> text = in.int64() == 1;
        case 2 -> number = in.int32();
        case 3 -> string = in.string();
        default -> {}
      }
    }
    return text ? Json.text(string) : Json.number(number);
  }

  private static JsonNode raw(ProtoReader in) {
    JsonNode value = Json.nothing();
    while (in.next()) {
      if (in.field() == 1 && in.valueLength() > 0) {
        try {
          value = Json.parse(content(in));
        } catch (IOException e) {
          throw new MalformedProtoException("raw JSON that is none: " + e.getMessage());
        }
      }
    }
    return value;
  }

  private static byte[] content(ProtoReader in) {
    return java.util.Arrays.copyOfRange(in.bytes(), in.valueStart(), in.valueEnd());
  }

  /** A whole answer: magic and {@code runtime.Unknown} around a message. */
  static byte[] envelope(String apiVersion, String kind, byte[] message) {
    byte[] head = envelopeHead(apiVersion, kind, message.length);
    byte[] tail = envelopeTail();
    byte[] whole = new byte[head.length + message.length + tail.length];
    System.arraycopy(head, 0, whole, 0, head.length);
    System.arraycopy(message, 0, whole, head.length, message.length);
    System.arraycopy(tail, 0, whole, head.length + message.length, tail.length);
    return whole;
  }

  /** What stands before a message of that length in an envelope. */
  static byte[] envelopeHead(String apiVersion, String kind, long length) {
    Writer type = new Writer();
    type.string(1, apiVersion);
    type.string(2, kind);
    Writer out = new Writer();
    out.writeBytes(MAGIC);
    out.bytes(1, type.toByteArray());
    out.tag(2, 2);
    out.varint(length);
    return out.toByteArray();
  }

  /** What stands after the message: contentEncoding and contentType, both empty. */
  static byte[] envelopeTail() {
    return new byte[] {0x1a, 0, 0x22, 0};
  }

  /** The type and the message of an enveloped body. */
  record Unknown(String apiVersion, String kind, byte[] message) {}

  static Unknown open(byte[] body) {
    if (body.length < MAGIC.length
        || !java.util.Arrays.equals(body, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw new MalformedProtoException(
          "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
    }
    String apiVersion = "";
    String kind = "";
    byte[] message = new byte[0];
    ProtoReader in = new ProtoReader(body, MAGIC.length, body.length);
    while (in.next()) {
      if (in.field() == 1) {
        for (ProtoReader type = in.message(); type.next(); ) {
          if (type.field() == 1) {
            apiVersion = type.string();
          } else if (type.field() == 2) {
            kind = type.string();
          }
        }
      } else if (in.field() == 2) {
        message = content(in);
      }
    }
    return new Unknown(apiVersion, kind, message);
  }

  /** A frame of a watch: length, then a bare {@code WatchEvent} around an enveloped object. */
  static byte[] watchEvent(String type, byte[] enveloped) {
    Writer raw = new Writer();
    raw.bytes(1, enveloped);
    Writer event = new Writer();
    event.string(1, type);
    event.bytes(2, raw.toByteArray());
    byte[] message = event.toByteArray();
    java.nio.ByteBuffer frame = java.nio.ByteBuffer.allocate(4 + message.length);
    return frame.putInt(message.length).put(message).array();
  }

  /** The bytes of a message under construction. */
  static final class Writer extends ByteArrayOutputStream {
    void tag(int number, int wireType) {
      varint(((long) number << 3) | wireType);
    }

    void varint(long value) {
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        write((int) (rest & 0x7f) | 0x80);
        rest >>>= 7;
      }
      write((int) rest);
    }

    void number(int number, long value) {
      tag(number, 0);
      varint(value);
    }

    void bytes(int number, byte[] value) {
      tag(number, 2);
      varint(value.length);
      writeBytes(value);
    }

    void string(int number, String value) {
      bytes(number, value.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** How many bytes a length-delimited field of that many takes, tag and length included. */
  static long sizeOfField(int number, long length) {
    Writer out = new Writer();
    out.tag(number, 2);
    out.varint(length);
    return out.size() + length;
  }
}
