package io.multicluster.testclusters.simulated;

import io.multicluster.wire.resource.GroupResource;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a request is about: the attributes that authorization judges.
 *
 * @param resource empty for paths that name none
 * @param verb the method in lower case for paths that name no resource
 * @param path decoded
 */
record Target(
    String verb,
    String path,
    String group,
    String version,
    String namespace,
    String resource,
    String subresource,
    String name) {

  boolean isResource() {
    return !resource.isEmpty();
  }

  GroupResource groupResource() {
    return new GroupResource(group, resource);
  }

  static Target of(ServerRequest request) {
    List<String> parts = new ArrayList<>();
    for (String part : request.path().split("/", -1)) {
      if (!part.isEmpty()) {
        parts.add(URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8));
      }
    }
    String path = "/" + String.join("/", parts);
    boolean core = !parts.isEmpty() && parts.getFirst().equals("api");
    boolean named = !parts.isEmpty() && parts.getFirst().equals("apis");
    int head = core ? 2 : 3;
    if (!(core || named) || parts.size() <= head) {
      return new Target(request.method().toLowerCase(Locale.ROOT), path, "", "", "", "", "", "");
    }
    String group = core ? "" : parts.get(1);
    String version = parts.get(head - 1);
    List<String> rest = parts.subList(head, parts.size());
    boolean legacyWatch = rest.size() > 1 && rest.getFirst().equals("watch");
    if (legacyWatch) {
      rest = rest.subList(1, rest.size());
    }
    String namespace = "";
    if (rest.size() > 1 && rest.getFirst().equals("namespaces")) {
      namespace = rest.get(1);
      if (rest.size() > 2 && !rest.get(2).equals("status") && !rest.get(2).equals("finalize")) {
        rest = rest.subList(2, rest.size());
      }
    }
    String resource = rest.getFirst();
    String name = rest.size() > 1 ? rest.get(1) : "";
    String subresource = rest.size() > 2 ? rest.get(2) : "";
    boolean watch = legacyWatch || (request.method().equals("GET") && request.flag("watch"));
    String verb =
        switch (request.method()) {
          case "GET", "HEAD" ->
              legacyWatch || (watch && name.isEmpty()) ? "watch" : name.isEmpty() ? "list" : "get";
          case "POST" -> "create";
          case "PUT" -> "update";
          case "PATCH" -> "patch";
          case "DELETE" -> name.isEmpty() ? "deletecollection" : "delete";
          default -> "";
        };
    if (name.isEmpty() && (verb.equals("list") || verb.equals("watch"))) {
      name = pinnedName(request.parameter("fieldSelector"));
    }
    return new Target(verb, path, group, version, namespace, resource, subresource, name);
  }

  private static String pinnedName(String fieldSelector) {
    try {
      return FieldSelector.parse(fieldSelector).pinnedName();
    } catch (io.multicluster.wire.status.ApiException e) {
      // Judged where the selector is used; a broken one pins nothing.
      return "";
    }
  }
}
