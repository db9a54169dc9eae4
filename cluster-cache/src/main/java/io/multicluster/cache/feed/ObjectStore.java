package io.multicluster.cache.feed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.cache.FeedEvent;
import io.multicluster.cache.FeedEvent.Bookmark;
import io.multicluster.cache.FeedEvent.Change;
import io.multicluster.cache.FeedEvent.ChangeType;
import io.multicluster.cache.FeedEvent.ListBegin;
import io.multicluster.cache.FeedEvent.ListEnd;
import io.multicluster.cache.FeedEvent.ListItem;
import io.multicluster.cache.FeedEvent.Reachable;
import io.multicluster.cache.FeedEvent.Unreachable;
import io.multicluster.cache.FeedSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/**
 * A small collection of the control plane held as trees: the objects that say which members there
 * are.
 */
final class ObjectStore implements FeedSink {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Runnable changed;
  private Map<String, JsonNode> listing = new HashMap<>();
  private volatile Map<String, JsonNode> objects = Map.of();
  private volatile boolean synced;
  private volatile String position = "";

  /**
   * @param changed runs after each change that is complete, never during a list
   */
  ObjectStore(Runnable changed) {
    this.changed = changed;
  }

  /** By {@code namespace/name}, or {@code /name} for what is in no namespace. */
  Map<String, JsonNode> objects() {
    return objects;
  }

  /** Whether a list has been read as a whole. */
  boolean synced() {
    return synced;
  }

  @Override
  public String resumeFrom() {
    return position;
  }

  @Override
  public void accept(FeedEvent event, Runnable applied) {
    switch (event) {
      case ListBegin() -> listing = new HashMap<>();
      case ListItem(byte[] object, int length) -> {
        JsonNode node = parse(object, length);
        listing.put(key(node), node);
      }
      case ListEnd(String resourceVersion) -> {
        publish(listing, resourceVersion);
        synced = true;
        changed.run();
      }
      case Change(ChangeType type, byte[] object, int length) -> {
        JsonNode node = parse(object, length);
        Map<String, JsonNode> next = new HashMap<>(objects);
        if (type == ChangeType.DELETED) {
          next.remove(key(node));
        } else {
          next.put(key(node), node);
        }
        publish(next, node.path("metadata").path("resourceVersion").asText(""));
        changed.run();
      }
      case Bookmark(String resourceVersion) -> position = resourceVersion;
      case Unreachable(String reason) -> {}
      case Reachable() -> {}
    }
    applied.run();
  }

  @Override
  public void leave() {
    publish(Map.of(), "");
  }

  private void publish(Map<String, JsonNode> next, String resourceVersion) {
    objects = Map.copyOf(next);
    position = resourceVersion;
  }

  private static String key(JsonNode object) {
    JsonNode metadata = object.path("metadata");
    return metadata.path("namespace").asText("") + "/" + metadata.path("name").asText();
  }

  private static JsonNode parse(byte[] object, int length) {
    try {
      return JSON.readTree(object, 0, length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
