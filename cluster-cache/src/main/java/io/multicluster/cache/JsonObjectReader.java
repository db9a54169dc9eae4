package io.multicluster.cache;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.proto.ClusterMark;
import io.multicluster.wire.proto.Labels;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ObjectMeta;
import io.multicluster.wire.table.PlainRow;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads objects of kinds that are kept as JSON. Custom resources are few: they go through a tree.
 */
final class JsonObjectReader implements ObjectReader {
  /** Numbers pass through with all their digits. */
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private final CachedKind kind;
  private final Origin origin;
  private final Compactor compactor;
  private final boolean managedFields;

  JsonObjectReader(CachedKind kind, Origin origin, Compactor compactor, boolean managedFields) {
    this.kind = kind;
    this.origin = origin;
    this.compactor = compactor;
    this.managedFields = managedFields;
  }

  @Override
  public CachedObject read(byte[] bytes) {
    try {
      if (JSON.readTree(bytes) instanceof ObjectNode object
          && object.get("metadata") instanceof ObjectNode metadata) {
        return read(object, metadata);
      }
    } catch (IOException e) {
      // Said below: what was sent is not for the log.
    }
    throw new MalformedProtoException("a " + kind.kind() + " of " + origin.cluster() + " in JSON");
  }

  private CachedObject read(ObjectNode object, ObjectNode metadata) throws IOException {
    String name = metadata.path("name").asText("");
    String namespace = metadata.path("namespace").asText("");
    ObjectReader.checkNames(kind, origin, namespace, name);
    long memberVersion = MemberVersion.parse(metadata.path("resourceVersion").asText(""));
    if (!managedFields) {
      metadata.remove("managedFields");
    }
    metadata.put("resourceVersion", Long.toString(PLACEHOLDER));
    Map<String, String> labels = mark(metadata, "labels", ClusterMark.LABEL);
    mark(metadata, "annotations", ClusterMark.ANNOTATION);
    byte[] bytes = JSON.writeValueAsBytes(object);
    Places places = places(bytes);
    String owner = controller(metadata);
    return new CachedJson(
        new CachedObject.Parts(
            ObjectKey.of(namespace, name, origin.cluster()),
            compactor.compact(owner == null ? namespace : owner, bytes),
            places.resourceVersionAt,
            origin,
            memberVersion,
            metadata.path("uid").asText(""),
            Labels.of(labels),
            owner),
        places.metadataStart,
        places.metadataEnd,
        new PlainRow(seconds(metadata.path("creationTimestamp").asText(""))));
  }

  /** Adds the cluster to a map of the metadata, which is sorted, as kube-apiserver writes it. */
  private Map<String, String> mark(ObjectNode metadata, String field, String key) {
    Map<String, String> map = new TreeMap<>();
    metadata.path(field).properties().forEach(e -> map.put(e.getKey(), e.getValue().asText()));
    map.put(key, origin.cluster());
    ObjectNode marked = metadata.putObject(field);
    map.forEach(marked::put);
    return map;
  }

  private static @Nullable String controller(ObjectNode metadata) {
    for (JsonNode owner : metadata.path("ownerReferences")) {
      if (owner.path("controller").asBoolean()) {
        return owner.path("uid").asText("");
      }
    }
    return null;
  }

  private static long seconds(String time) {
    try {
      return time.isEmpty() ? ObjectMeta.NO_TIME : Instant.parse(time).getEpochSecond();
    } catch (DateTimeException e) {
      return ObjectMeta.NO_TIME;
    }
  }

  private record Places(int metadataStart, int metadataEnd, int resourceVersionAt) {}

  /** Where in the bytes stand what is cut out, or changed, later. */
  private static Places places(byte[] bytes) throws IOException {
    int start = 0;
    int resourceVersion = 0;
    try (JsonParser parser = JSON.createParser(bytes)) {
      int depth = 0;
      boolean inMetadata = false;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isStructStart()) {
          depth++;
          if (depth == 2 && "metadata".equals(parser.currentName())) {
            inMetadata = true;
            start = (int) parser.currentTokenLocation().getByteOffset();
          }
        } else if (token.isStructEnd()) {
          depth--;
          if (depth == 1 && inMetadata) {
            int end = (int) parser.currentLocation().getByteOffset();
            return new Places(start, end, resourceVersion);
          }
        } else if (inMetadata
            && depth == 2
            && token == JsonToken.VALUE_STRING
            && "resourceVersion".equals(parser.currentName())) {
          resourceVersion = (int) parser.currentTokenLocation().getByteOffset() + 1;
        }
      }
    }
    throw new IOException("no metadata");
  }
}
