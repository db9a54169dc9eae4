package io.multicluster.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.request.DeleteOptions;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.resource.GroupVersionResource;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.StatusEncoder;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An API server as far as admission sees one: objects with resourceVersions, preconditions, dry
 * runs, the scale subresource, the default of one replica. Apply takes JSON and merges it. Requests
 * are carried out one after the other.
 */
final class InMemoryServer implements ApiServer {
  private final Map<String, ObjectNode> objects = new TreeMap<>();
  private final Map<GroupVersionResource, String> kinds;
  private long revision = 100;
  private Runnable beforeNextWrite = () -> {};
  private boolean down;

  /** How many requests were not reads. */
  int writes;

  InMemoryServer(Map<GroupVersionResource, String> kinds) {
    this.kinds = kinds;
  }

  /** Runs once, just before the next request that is no read and no dry run is carried out. */
  void beforeNextWrite(Runnable action) {
    beforeNextWrite = action;
  }

  void goDown() {
    down = true;
  }

  synchronized ObjectNode put(String path, String json) {
    try {
      ObjectNode object = (ObjectNode) KubeObject.JSON.readTree(json);
      String[] parts = path.split("/");
      ObjectNode metadata = object.withObjectProperty("metadata");
      metadata.put("name", parts[parts.length - 1]);
      int namespaces = List.of(parts).indexOf("namespaces");
      if (namespaces >= 0 && parts.length > namespaces + 2) {
        metadata.put("namespace", parts[namespaces + 1]);
      }
      if (!metadata.has("uid")) {
        metadata.put("uid", "uid-" + ++revision);
      }
      store(path, object);
      return object;
    } catch (IOException e) {
      throw new IllegalArgumentException(e);
    }
  }

  synchronized @Nullable JsonNode at(String path) {
    return objects.get(path);
  }

  private void store(String path, ObjectNode object) {
    object.withObjectProperty("metadata").put("resourceVersion", String.valueOf(++revision));
    objects.put(path, object);
  }

  @Override
  public Answer call(RequestHead head, byte @Nullable [] body, @Nullable UserInfo as) {
    if (down) {
      throw ApiException.unavailable("the API server is gone", 0);
    }
    Query query = Query.parse(head.query());
    RequestInfo info = RequestInfoParser.parse(head, query);
    try {
      boolean dryRun = query.has("dryRun");
      if (!info.readOnly() && !dryRun) {
        Runnable before = beforeNextWrite;
        beforeNextWrite = () -> {};
        before.run();
      }
      synchronized (this) {
        return answer(head, query, info, body == null ? new byte[0] : body, dryRun);
      }
    } catch (ApiException e) {
      return new Answer(
          e.status().code(), new DefaultHttp2Headers(), StatusEncoder.json(e.status()));
    } catch (IOException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private Answer answer(
      RequestHead head, Query query, RequestInfo info, byte[] body, boolean dryRun)
      throws IOException {
    if (head.path().equals("/api") || head.path().equals("/apis")) {
      return ok(discovery(head.path().equals("/api")));
    }
    String path = head.path();
    if (!info.subresource().isEmpty()) {
      path = path.substring(0, path.lastIndexOf('/'));
    }
    ObjectNode old = objects.get(path);
    switch (info.verb()) {
      case "list" -> {
        return ok(list(path, query));
      }
      case "deletecollection" -> {
        if (!DeleteOptions.read(query, body).isDryRun()) {
          throw new AssertionError("a collection went without having been judged object by object");
        }
        return ok(list(path, query));
      }
      case "create" -> {
        ObjectNode created = (ObjectNode) KubeObject.JSON.readTree(body);
        String name = created.path("metadata").path("name").asText();
        if (objects.containsKey(path + "/" + name)) {
          throw new ApiException(Status.failure(409, "AlreadyExists", name + " already exists"));
        }
        defaults(created);
        if (!dryRun) {
          writes++;
          put(path + "/" + name, created.toString());
        }
        return new Answer(201, new DefaultHttp2Headers(), bytes(created));
      }
      default -> {}
    }
    boolean apply = "application/apply-patch+yaml".equals(head.header("content-type"));
    if (old == null && !(info.verb().equals("patch") && apply)) {
      throw ApiException.notFound(info.groupResource(), info.name());
    }
    return switch (info.verb()) {
      case "get" -> ok(old);
      case "delete" -> {
        JsonNode options = KubeObject.JSON.readTree(body);
        check(info, old, options.path("preconditions").path("resourceVersion").asText());
        writes++;
        objects.remove(path);
        yield ok(KubeObject.JSON.createObjectNode().put("kind", "Status"));
      }
      default -> {
        ObjectNode changed = changed(head, info, body, old);
        defaults(changed);
        check(info, old, changed.path("metadata").path("resourceVersion").asText());
        if (!dryRun) {
          writes++;
          JsonNode metadata = changed.path("metadata");
          if (metadata.has("deletionTimestamp") && metadata.path("finalizers").isEmpty()) {
            objects.remove(path);
          } else if (old == null) {
            put(path, changed.toString());
          } else {
            store(path, changed);
          }
        }
        yield ok(info.subresource().equals("scale") ? scale(changed) : changed);
      }
    };
  }

  private static ObjectNode changed(
      RequestHead head, RequestInfo info, byte[] body, @Nullable ObjectNode old)
      throws IOException {
    String type = String.valueOf(head.header("content-type"));
    ObjectNode base = old == null ? KubeObject.JSON.createObjectNode() : old.deepCopy();
    ObjectNode shown = info.subresource().equals("scale") ? scale(base) : base;
    ObjectNode after;
    if (info.verb().equals("update")) {
      after = (ObjectNode) KubeObject.JSON.readTree(body);
      if (after.path("metadata").path("resourceVersion").asText().isEmpty()) {
        after
            .withObjectProperty("metadata")
            .set("resourceVersion", shown.at("/metadata/resourceVersion"));
      }
      after.withObjectProperty("metadata").set("uid", base.at("/metadata/uid"));
    } else if (type.equals("application/json-patch+json")) {
      after = jsonPatch(shown, (ArrayNode) KubeObject.JSON.readTree(body));
    } else {
      after = merge(shown, KubeObject.JSON.readTree(body));
    }
    if (!info.subresource().equals("scale")) {
      return after;
    }
    base.withObjectProperty("metadata")
        .set("resourceVersion", after.at("/metadata/resourceVersion"));
    base.withObjectProperty("spec").put("replicas", after.at("/spec/replicas").asInt(0));
    return base;
  }

  private static ObjectNode jsonPatch(ObjectNode object, ArrayNode operations) {
    ObjectNode copy = object.deepCopy();
    for (JsonNode operation : operations) {
      String path = operation.path("path").asText();
      int last = path.lastIndexOf('/');
      ObjectNode parent = (ObjectNode) copy.at(path.substring(0, last));
      if (operation.path("op").asText().equals("remove")) {
        parent.remove(path.substring(last + 1));
      } else {
        parent.set(path.substring(last + 1), operation.get("value"));
      }
    }
    return copy;
  }

  private static ObjectNode merge(ObjectNode object, JsonNode patch) {
    ObjectNode copy = object.deepCopy();
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      if (field.getValue().isNull()) {
        copy.remove(field.getKey());
      } else if (field.getValue().isObject()) {
        JsonNode old = copy.path(field.getKey());
        ObjectNode base = old.isObject() ? (ObjectNode) old : KubeObject.JSON.createObjectNode();
        copy.set(field.getKey(), merge(base, field.getValue()));
      } else {
        copy.set(field.getKey(), field.getValue());
      }
    }
    return copy;
  }

  private static ObjectNode scale(ObjectNode object) {
    ObjectNode scale = KubeObject.JSON.createObjectNode().put("kind", "Scale");
    scale.set("metadata", object.path("metadata").deepCopy());
    scale.putObject("spec").put("replicas", object.at("/spec/replicas").asInt(1));
    return scale;
  }

  private static void defaults(ObjectNode object) {
    ObjectNode spec = object.withObjectProperty("spec");
    if (!spec.has("replicas") && !spec.has("minReplicas")) {
      spec.put("replicas", 1);
    }
  }

  private static void check(RequestInfo info, @Nullable ObjectNode old, String version) {
    String current = old == null ? "" : old.at("/metadata/resourceVersion").asText();
    if (old != null && !version.isEmpty() && !version.equals(current)) {
      throw ApiException.conflict(
          info.groupResource(), info.name(), "the object has been modified");
    }
  }

  private ObjectNode list(String path, Query query) {
    LabelSelector selector = LabelSelector.parse(query.get("labelSelector"));
    ObjectNode list = KubeObject.JSON.createObjectNode();
    list.putObject("metadata").put("resourceVersion", "1");
    ArrayNode items = list.putArray("items");
    String resource = path.substring(path.lastIndexOf('/') + 1);
    boolean everywhere = !path.contains("/namespaces/");
    String root = path.substring(0, path.length() - resource.length());
    for (Map.Entry<String, ObjectNode> entry : objects.entrySet()) {
      String parent = entry.getKey().substring(0, entry.getKey().lastIndexOf('/'));
      boolean inside =
          parent.equals(path)
              || (everywhere && parent.startsWith(root) && parent.endsWith("/" + resource));
      if (inside && selector.matches(new KubeObject(entry.getValue()).labels())) {
        items.add(entry.getValue());
      }
    }
    return list;
  }

  private ObjectNode discovery(boolean core) {
    ObjectNode document = KubeObject.JSON.createObjectNode().put("kind", "APIGroupDiscoveryList");
    ArrayNode groups = document.putArray("items");
    kinds.forEach((resource, kind) -> {
      if (resource.group().isEmpty() == core) {
        ObjectNode group = groups.addObject();
        group.putObject("metadata").put("name", resource.group());
        ObjectNode version = group.putArray("versions").addObject();
        ObjectNode served =
            version.put("version", resource.version()).putArray("resources").addObject();
        served.put("resource", resource.resource());
        served.put("scope", resource.resource().equals("namespaces") ? "Cluster" : "Namespaced");
        served.putObject("responseKind").put("kind", kind);
        served.putArray("verbs").add("list").add("delete");
      }
    });
    return document;
  }

  private static Answer ok(@Nullable JsonNode body) {
    return new Answer(200, new DefaultHttp2Headers(), bytes(body));
  }

  private static byte[] bytes(@Nullable JsonNode body) {
    return String.valueOf(body).getBytes(StandardCharsets.UTF_8);
  }
}
