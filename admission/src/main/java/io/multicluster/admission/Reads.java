package io.multicluster.admission;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.resource.GroupVersionResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.StatusDecoder;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Looks at an API server as the gateway itself: judging must not depend on what a user may see. Not
 * thread-safe.
 */
final class Reads {
  private static final int PAGE = 250;

  private final ApiServer server;
  private final String auditId;
  private @Nullable ServedKinds servedKinds;

  /**
   * @param auditId of the request that is being judged; ties the logs together
   */
  Reads(ApiServer server, String auditId) {
    this.server = server;
    this.auditId = auditId;
  }

  /** The latest state of an object; null if there is none. */
  @Nullable KubeObject get(String path) {
    ApiServer.Answer answer = get(path, "", "application/json");
    if (answer.status() == 404) {
      return null;
    }
    return object(answer);
  }

  /** Visits all objects of a list until the visitor has seen enough and says true. */
  boolean any(String path, String query, Predicate<KubeObject> visitor) {
    return anyPage(
        path,
        query,
        page -> {
          for (JsonNode item : page.path("items")) {
            if (visitor.test(new KubeObject(item))) {
              return true;
            }
          }
          return false;
        });
  }

  private boolean anyPage(String path, String query, Predicate<JsonNode> visitor) {
    String more = "";
    do {
      StringBuilder parameters = new StringBuilder("limit=" + PAGE);
      if (!query.isEmpty()) {
        parameters.append('&').append(query);
      }
      if (!more.isEmpty()) {
        parameters.append("&continue=").append(encode(more));
      }
      ApiServer.Answer answer = get(path, parameters.toString(), "application/json");
      if (answer.status() == 404) {
        return false; // The kind went away since it was discovered, and its objects with it.
      }
      JsonNode page = object(answer).root();
      if (visitor.test(page)) {
        return true;
      }
      more = page.path("metadata").path("continue").asText();
    } while (!more.isEmpty());
    return false;
  }

  /**
   * All objects of a list, as they were at one moment.
   *
   * @param resourceVersion of that moment; empty if there is no such kind
   */
  record Listed(String resourceVersion, List<KubeObject> objects) {}

  Listed all(String path, String query) {
    List<KubeObject> objects = new ArrayList<>();
    AtomicReference<String> version = new AtomicReference<>("");
    anyPage(
        path,
        query,
        page -> {
          // All pages have the first one's.
          version.set(page.path("metadata").path("resourceVersion").asText());
          page.path("items").forEach(item -> objects.add(new KubeObject(item)));
          return false;
        });
    return new Listed(version.get(), objects);
  }

  /**
   * The kinds that the API server has, asked for once: a collection has many objects.
   *
   * @throws ApiException if they can't be known in full
   */
  ServedKinds servedKinds() {
    ServedKinds known = servedKinds;
    if (known == null) {
      known = ServedKinds.discover(this);
      servedKinds = known;
    }
    return known;
  }

  ApiServer.Answer get(String path, String query, String accept) {
    DefaultHttp2Headers headers = new DefaultHttp2Headers();
    headers.set("accept", accept).set("user-agent", "multicluster-apiserver/admission");
    if (!auditId.isEmpty()) {
      headers.set("audit-id", auditId);
    }
    return server.call(new RequestHead("GET", path, query, headers), null, null);
  }

  /**
   * @throws ApiException if the answer is an error, or no object
   */
  static KubeObject object(ApiServer.Answer answer) {
    if (!answer.successful()) {
      throw failure(answer);
    }
    try {
      return KubeObject.parse(answer.body());
    } catch (IOException e) {
      throw ApiException.internal("an API server's answer can't be judged", e);
    }
  }

  /** The error that an answer is. */
  static ApiException failure(ApiServer.Answer answer) {
    Status status = StatusDecoder.decode(answer.body());
    return new ApiException(
        status != null && status.code() >= 400
            ? status
            : Status.failure(
                answer.status() >= 400 ? answer.status() : 502,
                "",
                "an API server answered " + answer.status() + " and no Status"));
  }

  /** The path of a collection, or of all namespaces' if {@code namespace} is empty. */
  static String path(GroupVersionResource resource, String namespace) {
    return resource.apiPath()
        + (namespace.isEmpty() ? "" : "/namespaces/" + segment(namespace))
        + "/"
        + resource.resource();
  }

  static String path(GroupVersionResource resource, String namespace, String name) {
    return path(resource, namespace) + "/" + segment(name);
  }

  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String segment(String name) {
    return encode(name).replace("+", "%20").replace("%3A", ":");
  }
}
