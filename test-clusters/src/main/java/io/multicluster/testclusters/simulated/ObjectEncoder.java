package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.Negotiation.Format;
import io.multicluster.testclusters.simulated.Negotiation.Transform;
import io.multicluster.testclusters.simulated.Schema.Message;
import io.multicluster.wire.status.Status;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** Objects of one type as bytes of one answer. For one answer: Table watches have a first event. */
final class ObjectEncoder {
  private final ResourceType type;
  private final Negotiation how;
  private final String includeObject;
  private boolean definitionsSent;

  /**
   * @param remaining {@code remainingItemCount}; negative: not written
   */
  record ListMeta(long resourceVersion, String continueToken, long remaining) {
    ObjectNode json() {
      ObjectNode json = Json.object();
      json.put("resourceVersion", Long.toString(resourceVersion));
      Json.putNonEmpty(json, "continue", continueToken);
      if (remaining >= 0 && !continueToken.isEmpty()) {
        json.put("remainingItemCount", remaining);
      }
      return json;
    }

    byte[] message() {
      ProtobufCodec.Writer out = new ProtobufCodec.Writer();
      out.string(1, "");
      out.string(2, Long.toString(resourceVersion));
      out.string(3, continueToken);
      if (remaining >= 0 && !continueToken.isEmpty()) {
        out.number(4, remaining);
      }
      return out.toByteArray();
    }
  }

  ObjectEncoder(ResourceType type, Negotiation how, String includeObject) {
    this.type = type;
    this.how = how;
    this.includeObject = includeObject;
  }

  String contentType(boolean watch) {
    return how.format().mediaType()
        + (watch && how.format() == Format.PROTOBUF ? ";stream=watch" : "");
  }

  /** A whole answer with one stored object. */
  byte[] object(Entry entry) {
    if (how.format() == Format.PROTOBUF && how.transform() == Transform.NONE) {
      return ProtobufCodec.envelope(type.apiVersion(), type.kind(), message(entry));
    }
    return object(type.fromStorage(entry.object()));
  }

  /** A whole answer with one object that {@link #type} shows so. */
  byte[] object(ObjectNode view) {
    return switch (how.transform()) {
      case NONE ->
          how.format() == Format.PROTOBUF
              ? ProtobufCodec.envelope(
                  type.apiVersion(), type.kind(), ProtobufCodec.encode(schema(), view))
              : text(view);
      case TABLE -> text(table(view, true));
      case METADATA ->
          how.format() == Format.PROTOBUF
              ? ProtobufCodec.envelope(
                  "meta.k8s.io/" + how.metaVersion(), "PartialObjectMetadata", partial(view))
              : text(Tables.metadata(view, how.metaVersion()));
    };
  }

  private ObjectNode table(ObjectNode view, boolean definitions) {
    ObjectNode table = Json.object();
    table.put("kind", "Table").put("apiVersion", "meta.k8s.io/" + how.metaVersion());
    table
        .putObject("metadata")
        .put("resourceVersion", Json.string(view, "metadata", "resourceVersion"));
    table.set("columnDefinitions", definitions ? Tables.definitions(type) : Json.nothing());
    table.putArray("rows").add(Tables.row(type, view, includeObject, how.metaVersion()));
    return table;
  }

  private byte[] text(JsonNode node) {
    return text(node, how);
  }

  /** A JSON or YAML document as the client wants it. */
  static byte[] text(JsonNode node, Negotiation how) {
    if (how.format() == Format.YAML) {
      return Json.yaml(StructuralSchema.sorted(node));
    }
    if (how.pretty()) {
      return Json.pretty(node);
    }
    byte[] compact = Json.bytes(node);
    byte[] line = java.util.Arrays.copyOf(compact, compact.length + 1);
    line[compact.length] = '\n';
    return line;
  }

  private Message schema() {
    return Objects.requireNonNull(type.message());
  }

  private byte[] message(Entry entry) {
    return isStored()
        ? entry.message()
        : ProtobufCodec.encode(schema(), type.fromStorage(entry.object()));
  }

  private boolean isStored() {
    return type.groupResource().equals(type.storage());
  }

  private static byte[] partial(ObjectNode view) {
    return ProtobufCodec.encode(Schema.message(Schema.META + "PartialObjectMetadata"), view);
  }

  /** The length of {@link #list}; negative where it is not known before. */
  long listLength(ListMeta meta, List<Entry> entries) {
    if (how.format() != Format.PROTOBUF || how.transform() != Transform.NONE || !isStored()) {
      return -1;
    }
    long length = messageLength(meta, entries);
    return ProtobufCodec.envelopeHead(type.apiVersion(), type.kind() + "List", length).length
        + length
        + ProtobufCodec.envelopeTail().length;
  }

  private static long messageLength(ListMeta meta, List<Entry> entries) {
    long length = ProtobufCodec.sizeOfField(1, meta.message().length);
    for (Entry entry : entries) {
      length += ProtobufCodec.sizeOfField(2, entry.messageLength());
    }
    return length;
  }

  void list(ListMeta meta, List<Entry> entries, OutputStream out) throws IOException {
    if (how.format() == Format.PROTOBUF) {
      protobufList(meta, entries, out);
      return;
    }
    if (how.format() == Format.YAML || how.pretty()) {
      ObjectNode list = head(meta);
      ArrayNode items = list.putArray(how.transform() == Transform.TABLE ? "rows" : "items");
      entries.forEach(entry -> items.add(item(entry)));
      out.write(text(list));
      return;
    }
    // Lists of custom resources are maps in Go, and maps are written with their keys sorted.
    boolean sorted = type.custom() != null && how.transform() == Transform.NONE;
    byte[] head =
        Json.bytes(sorted ? Json.object().put("apiVersion", type.apiVersion()) : head(meta));
    out.write(head, 0, head.length - 1);
    out.write(ascii(how.transform() == Transform.TABLE ? ",\"rows\":[" : ",\"items\":["));
    boolean first = true;
    for (Entry entry : entries) {
      if (!first) {
        out.write(',');
      }
      first = false;
      out.write(Json.bytes(item(entry)));
    }
    out.write(ascii("]"));
    if (sorted) {
      ObjectNode tail = Json.object().put("kind", type.kind() + "List");
      ObjectNode metadata = meta.json();
      if (!metadata.has("continue")) {
        metadata.put("continue", "");
      }
      tail.set("metadata", StructuralSchema.sorted(metadata));
      out.write(',');
      byte[] rest = Json.bytes(tail);
      out.write(rest, 1, rest.length - 1);
    } else {
      out.write('}');
    }
    out.write('\n');
  }

  private ObjectNode head(ListMeta meta) {
    ObjectNode list = Json.object();
    switch (how.transform()) {
      case NONE -> list.put("kind", type.kind() + "List").put("apiVersion", type.apiVersion());
      case TABLE -> list.put("kind", "Table").put("apiVersion", "meta.k8s.io/" + how.metaVersion());
      case METADATA ->
          list.put("kind", "PartialObjectMetadataList")
              .put("apiVersion", "meta.k8s.io/" + how.metaVersion());
    }
    list.set("metadata", meta.json());
    if (how.transform() == Transform.TABLE) {
      list.set("columnDefinitions", Tables.definitions(type));
    }
    return list;
  }

  private ObjectNode item(Entry entry) {
    ObjectNode view = type.fromStorage(entry.object());
    return switch (how.transform()) {
      case NONE -> {
        if (type.custom() != null) {
          yield view;
        }
        ObjectNode item = Json.object();
        view.forEachEntry((name, value) -> {
          if (!name.equals("kind") && !name.equals("apiVersion")) {
            item.set(name, value);
          }
        });
        yield item;
      }
      case TABLE -> Tables.row(type, view, includeObject, how.metaVersion());
      case METADATA -> Tables.metadata(view, how.metaVersion());
    };
  }

  private void protobufList(ListMeta meta, List<Entry> entries, OutputStream out)
      throws IOException {
    if (how.transform() == Transform.NONE && isStored()) {
      out.write(
          ProtobufCodec.envelopeHead(
              type.apiVersion(), type.kind() + "List", messageLength(meta, entries)));
      writeField(1, meta.message(), out);
      for (Entry entry : entries) {
        writeField(2, entry.message(), out);
      }
      out.write(ProtobufCodec.envelopeTail());
      return;
    }
    ProtobufCodec.Writer list = new ProtobufCodec.Writer();
    list.bytes(1, meta.message());
    for (Entry entry : entries) {
      list.bytes(
          2,
          how.transform() == Transform.NONE
              ? message(entry)
              : partial(type.fromStorage(entry.object())));
    }
    boolean whole = how.transform() == Transform.NONE;
    out.write(
        ProtobufCodec.envelope(
            whole ? type.apiVersion() : "meta.k8s.io/" + how.metaVersion(),
            whole ? type.kind() + "List" : "PartialObjectMetadataList",
            list.toByteArray()));
  }

  private static void writeField(int number, byte[] value, OutputStream out) throws IOException {
    ProtobufCodec.Writer head = new ProtobufCodec.Writer();
    head.tag(number, 2);
    head.varint(value.length);
    head.writeTo(out);
    out.write(value);
  }

  byte[] event(String eventType, Entry entry) {
    if (how.format() == Format.PROTOBUF) {
      return ProtobufCodec.watchEvent(eventType, object(entry));
    }
    return event(eventType, transformed(type.fromStorage(entry.object())));
  }

  /**
   * @param initialEventsEnd whether it marks the end of a streaming list
   */
  byte[] bookmark(long resourceVersion, boolean initialEventsEnd) {
    ObjectNode empty = Json.object();
    empty.put("kind", type.kind()).put("apiVersion", type.apiVersion());
    ObjectNode metadata = empty.putObject("metadata");
    metadata.put("resourceVersion", Long.toString(resourceVersion));
    if (initialEventsEnd) {
      metadata.putObject("annotations").put("k8s.io/initial-events-end", "true");
    }
    ObjectNode view = type.message() == null ? empty : Canonical.of(type.message(), empty).object();
    if (how.format() == Format.PROTOBUF) {
      return ProtobufCodec.watchEvent("BOOKMARK", object(view));
    }
    return event("BOOKMARK", transformed(view));
  }

  private ObjectNode transformed(ObjectNode view) {
    return switch (how.transform()) {
      case NONE -> view;
      case TABLE -> {
        ObjectNode table = table(view, !definitionsSent);
        definitionsSent = true;
        yield table;
      }
      case METADATA -> Tables.metadata(view, how.metaVersion());
    };
  }

  byte[] error(Status status) {
    ObjectNode json = Json.status(status);
    return how.format() == Format.PROTOBUF
        ? ProtobufCodec.watchEvent("ERROR", protobuf(json))
        : event("ERROR", json);
  }

  /** A Status in its envelope. */
  static byte[] protobuf(ObjectNode status) {
    return ProtobufCodec.envelope(
        "v1", "Status", ProtobufCodec.encode(Schema.message(Schema.META + "Status"), status));
  }

  private static byte[] event(String eventType, ObjectNode object) {
    ObjectNode event = Json.object();
    event.put("type", eventType);
    event.set("object", object);
    byte[] json = Json.bytes(event);
    byte[] line = java.util.Arrays.copyOf(json, json.length + 1);
    line[json.length] = '\n';
    return line;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
