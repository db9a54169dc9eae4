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
import java.util.function.Function;
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
  public CachedObject read(byte[] bytes, int length) {
    try {
      ObjectNode object = parse(bytes, length);
      ObjectNode metadata = metadata(object);
      ObjectReader.checkNames(kind, origin, namespace(metadata), name(metadata));
      long memberVersion = MemberVersion.ofObject(metadata.path("resourceVersion").asText(""));
      if (!managedFields) {
        metadata.remove("managedFields");
      }
      metadata.put("resourceVersion", Long.toString(PLACEHOLDER));
      mark(metadata, "labels", ClusterMark.LABEL);
      mark(metadata, "annotations", ClusterMark.ANNOTATION);
      byte[] marked = JSON.writeValueAsBytes(object);
      return object(
          marked,
          metadata,
          memberVersion,
          family -> compactor.compact(family, marked, marked.length, true));
    } catch (IOException e) {
      throw malformed();
    }
  }

  @Override
  public CachedObject restore(Content content, long memberVersion) {
    try {
      byte[] bytes = content.copy();
      return object(
          bytes,
          metadata(parse(bytes, bytes.length)),
          memberVersion,
          family -> compactor.restored(family, content));
    } catch (IOException e) {
      throw malformed();
    }
  }

  private ObjectNode parse(byte[] bytes, int length) throws IOException {
    if (JSON.readTree(bytes, 0, length) instanceof ObjectNode object) {
      return object;
    }
    throw malformed();
  }

  private ObjectNode metadata(ObjectNode object) {
    if (object.get("metadata") instanceof ObjectNode metadata) {
      return metadata;
    }
    throw malformed();
  }

  /** Without a cause: what was sent is not for the log. */
  private MalformedProtoException malformed() {
    return new MalformedProtoException("a " + kind.kind() + " of " + origin.cluster() + " in JSON");
  }

  private static String name(ObjectNode metadata) {
    return metadata.path("name").asText("");
  }

  private static String namespace(ObjectNode metadata) {
    return metadata.path("namespace").asText("");
  }

  private CachedObject object(
      byte[] bytes, ObjectNode metadata, long memberVersion, Function<String, Content> contentOf)
      throws IOException {
    String namespace = namespace(metadata);
    Map<String, String> labels = new TreeMap<>();
    metadata
        .path("labels")
        .properties()
        .forEach(label -> labels.put(label.getKey(), label.getValue().asText()));
    Places places = places(bytes);
    String owner = controller(metadata);
    return new CachedJson(
        new CachedObject.Parts(
            ObjectKey.of(namespace, name(metadata), origin.cluster()),
            contentOf.apply(owner == null ? namespace : owner),
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
  private void mark(ObjectNode metadata, String field, String key) {
    Map<String, String> map = new TreeMap<>();
    metadata.path(field).properties().forEach(e -> map.put(e.getKey(), e.getValue().asText()));
    map.put(key, origin.cluster());
    ObjectNode marked = metadata.putObject(field);
    map.forEach(marked::put);
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
