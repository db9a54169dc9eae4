package io.multicluster.server.discovery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.server.discovery.ApiCatalog.Group;
import io.multicluster.server.discovery.ApiCatalog.Version;
import io.multicluster.server.discovery.DocumentSource.Document;
import io.multicluster.server.discovery.Documents.Rendered;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * {@code /openapi/v2} and {@code /openapi/v3}, cut to what is offered. Documents are read from the
 * control plane when asked for and kept by its hash or ETag, so that repeated questions cost one
 * conditional request; the last ones are served while it is away. There are as many entries as the
 * control plane has group versions, in two encodings.
 */
final class OpenApi {
  private static final String JSON_TYPE = "application/json";
  private static final String V2_PROTOBUF =
      "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
  private static final String V3_PROTOBUF =
      "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
  private static final String V3 = "/openapi/v3";

  private final ObjectMapper json = new ObjectMapper();
  private final DocumentSource controlPlane;
  private final OpenApiPruner v2;
  private final OpenApiPruner v3;
  private final Map<String, Source> sources = new ConcurrentHashMap<>();
  private final Map<String, Pruned> pruned = new ConcurrentHashMap<>();

  /** What the control plane answered last for a target and encoding. */
  private record Source(@Nullable String etag, byte[] body) {}

  /**
   * A document as served.
   *
   * @param version the hash of the upstream document that it was made from
   * @param schemas the names of the schemas in it
   */
  private record Pruned(String version, Rendered document, Set<String> schemas) {}

  OpenApi(DocumentSource controlPlane, Predicate<GroupResource> offered) {
    this.controlPlane = controlPlane;
    this.v2 = new OpenApiPruner(OpenApiPruner.Form.V2, offered);
    this.v3 = new OpenApiPruner(OpenApiPruner.Form.V3, offered);
  }

  void serve(Exchange exchange, String path, ApiCatalog catalog) {
    String accept = exchange.request().header(HttpHeaderNames.ACCEPT);
    String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    if (trimmed.equals("/openapi/v2")) {
      boolean protobuf = protobuf(accept, "v2");
      Documents.send(exchange, v2(protobuf), "no-cache, private");
    } else if (trimmed.equals(V3)) {
      Documents.send(exchange, index(catalog), "no-cache, private");
    } else if (trimmed.startsWith(V3 + "/")) {
      document(exchange, trimmed.substring(V3.length() + 1), protobuf(accept, "v3"), catalog);
    } else {
      throw ApiException.noSuchResource();
    }
  }

  private Rendered v2(boolean protobuf) {
    Pruned asJson = prune("/openapi/v2", "/openapi/v2", v2);
    return protobuf
        ? protobuf("/openapi/v2", "/openapi/v2", v2, asJson, V2_PROTOBUF)
        : asJson.document();
  }

  /** The index of version 3: the group versions that are offered, and {@code version}. */
  private Rendered index(ApiCatalog catalog) {
    Set<String> visible = visible(catalog);
    ObjectNode document = json.createObjectNode();
    ObjectNode paths = document.putObject("paths");
    upstreamIndex()
        .properties()
        .forEach(entry -> {
          if (visible.contains(entry.getKey())) {
            paths
                .putObject(entry.getKey())
                .put(
                    "serverRelativeURL",
                    V3
                        + "/"
                        + entry.getKey()
                        + "?hash="
                        + ourHash(upstreamUrl(entry.getValue()), entry.getKey(), catalog));
          }
        });
    return Rendered.of(JSON_TYPE, bytes(document));
  }

  private void document(Exchange exchange, String name, boolean protobuf, ApiCatalog catalog) {
    JsonNode entry = visible(catalog).contains(name) ? upstreamIndex().get(name) : null;
    if (entry == null) {
      throw ApiException.noSuchResource();
    }
    String target = upstreamUrl(entry);
    String hash = ourHash(target, name, catalog);
    String asked = queryHash(exchange.request().query());
    if (asked != null && !asked.equals(hash)) {
      Http2Headers headers = new DefaultHttp2Headers(false);
      headers.set(HttpHeaderNames.LOCATION, exchange.request().path() + "?hash=" + hash);
      headers.setInt(HttpHeaderNames.CONTENT_LENGTH, 0);
      exchange.response().head(301, headers);
      exchange.response().end(null);
      return;
    }
    Pruned asJson = prune(V3 + "/" + name, target, v3);
    Rendered document =
        protobuf ? protobuf(V3 + "/" + name, target, v3, asJson, V3_PROTOBUF) : asJson.document();
    Documents.send(exchange, document, asked == null ? "no-cache, private" : "public, immutable");
  }

  /** Cuts the JSON document at {@code target}; kept under {@code key} until the source changes. */
  private Pruned prune(String key, String target, OpenApiPruner pruner) {
    byte[] source = fetch(key, target, JSON_TYPE);
    String version = Documents.hash(source);
    Pruned known = pruned.get(key);
    if (known != null && known.version().equals(version)) {
      return known;
    }
    try {
      ObjectNode document = (ObjectNode) json.readTree(source);
      Set<String> schemas = pruner.prune(document);
      Pruned fresh = new Pruned(version, Rendered.of(JSON_TYPE, bytes(document)), schemas);
      pruned.put(key, fresh);
      return fresh;
    } catch (IOException e) {
      throw ApiException.internal("the control plane's " + target + " is not JSON", e);
    }
  }

  private Rendered protobuf(
      String key, String target, OpenApiPruner pruner, Pruned asJson, String contentType) {
    byte[] source = fetch(key + " protobuf", target, contentType);
    String version = Documents.hash(source);
    Pruned known = pruned.get(key + " protobuf");
    if (known != null && known.version().equals(version)) {
      return known.document();
    }
    Rendered document = Rendered.of(contentType, pruner.prune(source, asJson.schemas()));
    pruned.put(key + " protobuf", new Pruned(version, document, asJson.schemas()));
    return document;
  }

  private JsonNode upstreamIndex() {
    try {
      return json.readTree(fetch(V3, V3, JSON_TYPE)).path("paths");
    } catch (IOException e) {
      throw ApiException.internal("the control plane's " + V3 + " is not JSON", e);
    }
  }

  private byte[] fetch(String key, String target, String accept) {
    Source known = sources.get(key);
    Document answer;
    try {
      answer = controlPlane.get(target, accept, known == null ? null : known.etag());
    } catch (ApiException e) {
      if (known != null) {
        return known.body();
      }
      throw e;
    }
    if (answer.status() == 304 && known != null) {
      return known.body();
    }
    if (answer.status() != 200) {
      if (known != null) {
        return known.body();
      }
      throw ApiException.unavailable(
          "GET " + target + " at the control plane answered " + answer.status(), 0);
    }
    sources.put(key, new Source(answer.etag(), answer.body()));
    return answer.body();
  }

  private static Set<String> visible(ApiCatalog catalog) {
    Set<String> visible = new HashSet<>();
    visible.add("version");
    for (Group group : catalog.groups()) {
      for (Version version : group.versions()) {
        visible.add(documentName(group, version));
      }
    }
    return visible;
  }

  private static String upstreamUrl(JsonNode entry) {
    return entry.path("serverRelativeURL").asText();
  }

  /**
   * Stands for the cut document without making it: it depends on upstream's hash and on what is
   * offered of that group version.
   */
  private static String ourHash(String upstreamUrl, String name, ApiCatalog catalog) {
    StringBuilder seed = new StringBuilder(upstreamUrl);
    for (Group group : catalog.groups()) {
      for (Version version : group.versions()) {
        if (name.equals(documentName(group, version))) {
          version.resources().forEach(resource -> seed.append(' ').append(resource.plural()));
        }
      }
    }
    return Documents.hash(seed.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String documentName(Group group, Version version) {
    return group.name().isEmpty()
        ? "api/" + version.name()
        : "apis/" + group.name() + "/" + version.name();
  }

  private static @Nullable String queryHash(String query) {
    for (String parameter : query.split("&", -1)) {
      if (parameter.startsWith("hash=")) {
        return parameter.substring("hash=".length());
      }
    }
    return null;
  }

  /**
   * Whether protobuf is asked for. Kubernetes' clients spell the type with {@code @} or with a dot.
   *
   * @throws ApiException 406 where neither JSON nor that type will do
   */
  private static boolean protobuf(@Nullable String accept, String version) {
    if (accept == null || accept.isBlank()) {
      return false;
    }
    for (String clause : accept.split(",", -1)) {
      String type = clause.split(";", 2)[0].strip();
      if (type.equals("application/com.github.proto-openapi.spec." + version + "@v1.0+protobuf")
          || type.equals(
              "application/com.github.proto-openapi.spec." + version + ".v1.0+protobuf")) {
        return true;
      }
      if (type.equals(JSON_TYPE) || type.equals("*/*") || type.equals("application/*")) {
        return false;
      }
    }
    throw new ApiException(
        Status.failure(
            406, "NotAcceptable", "only the following media types are accepted: " + JSON_TYPE));
  }

  private byte[] bytes(JsonNode document) {
    try {
      return json.writeValueAsBytes(document);
    } catch (IOException e) {
      throw new IllegalStateException("a tree can always be written", e);
    }
  }
}
