package io.multicluster.cache.feed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.cache.FeedEvent.ChangeType;
import io.multicluster.wire.proto.ListMeta;
import io.multicluster.wire.proto.ListSplitter;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Kinds that have no protobuf: custom resources. A page or an event is held as a whole while it is
 * taken apart.
 */
final class JsonFormat implements FeedFormat {
  private static final int MAX_PAGE_BYTES = 128 << 20;
  private static final int MAX_EVENT_BYTES = 16 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  @Override
  public String listAccept() {
    return "application/json";
  }

  @Override
  public String watchAccept() {
    return "application/json";
  }

  @Override
  public ListReader list(ListSplitter.Receiver items) {
    return new ListReader() {
      private final Pieces page = new Pieces(MAX_PAGE_BYTES);

      @Override
      public void accept(ByteBuf chunk) {
        page.add(chunk, chunk.readableBytes());
      }

      @Override
      public ListMeta finish() {
        JsonNode list = parse(page.take());
        String kind = itemKind(list.path("kind").asText());
        String apiVersion = list.path("apiVersion").asText();
        for (JsonNode item : list.path("items")) {
          byte[] object = typed((ObjectNode) item, apiVersion, kind);
          items.item(object, object.length);
        }
        JsonNode metadata = list.path("metadata");
        return new ListMeta(
            metadata.path("resourceVersion").asText(""),
            metadata.path("continue").asText(""),
            null);
      }
    };
  }

  @Override
  public WatchReader watch(WatchReceiver receiver) {
    return new WatchReader() {
      private final Pieces line = new Pieces(MAX_EVENT_BYTES);

      @Override
      public void accept(ByteBuf chunk) {
        while (chunk.isReadable()) {
          int newline = chunk.bytesBefore((byte) '\n');
          if (newline < 0) {
            line.add(chunk, chunk.readableBytes());
            return;
          }
          line.add(chunk, newline);
          chunk.skipBytes(1);
          byte[] text = line.take();
          if (text.length > 0) {
            event(parse(text));
          }
        }
      }

      private void event(JsonNode event) {
        JsonNode object = event.path("object");
        JsonNode metadata = object.path("metadata");
        switch (event.path("type").asText()) {
          case "ADDED" -> change(ChangeType.ADDED, object);
          case "MODIFIED" -> change(ChangeType.MODIFIED, object);
          case "DELETED" -> change(ChangeType.DELETED, object);
          case "BOOKMARK" ->
              receiver.bookmark(
                  metadata.path("resourceVersion").asText(""),
                  metadata.path("annotations").has(ProtobufFormat.INITIAL_EVENTS_END));
          default ->
              receiver.error(
                  object.path("code").asInt(500), object.path("message").asText("no message"));
        }
      }

      private void change(ChangeType type, JsonNode object) {
        byte[] bytes = bytes(object);
        receiver.change(type, bytes, bytes.length);
      }
    };
  }

  /** Items of built-in lists carry no kind of their own; the cache wants it with each object. */
  private static byte[] typed(ObjectNode item, String apiVersion, String kind) {
    if (!item.has("kind")) {
      item.put("apiVersion", apiVersion).put("kind", kind);
    }
    return bytes(item);
  }

  private static String itemKind(String listKind) {
    return listKind.endsWith("List") ? listKind.substring(0, listKind.length() - 4) : listKind;
  }

  private static JsonNode parse(byte[] json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException("not JSON", e);
    }
  }

  private static byte[] bytes(JsonNode object) {
    try {
      return JSON.writeValueAsBytes(object);
    } catch (IOException e) {
      throw new UncheckedIOException("a tree can always be written", e);
    }
  }

  /** Collects chunks up to a limit. */
  private static final class Pieces {
    private final int limit;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Pieces(int limit) {
      this.limit = limit;
    }

    void add(ByteBuf chunk, int length) {
      if (bytes.size() + length > limit) {
        throw new UncheckedIOException(
            new IOException("more than " + limit + " bytes of JSON in one piece"));
      }
      try {
        chunk.readBytes(bytes, length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    byte[] take() {
      byte[] all = bytes.toByteArray();
      bytes.reset();
      return all;
    }
  }
}
