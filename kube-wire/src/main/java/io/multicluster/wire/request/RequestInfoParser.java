package io.multicluster.wire.request;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.status.ApiException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Derives {@link RequestInfo} from a request, by the rules of kube-apiserver. */
public final class RequestInfoParser {
  private static final String CLUSTERS = "/clusters/";

  private RequestInfoParser() {}

  /**
   * @throws ApiException 400 for a path with broken escapes or a name that can't be one; 404 for a
   *     legacy prefix with nothing behind it
   */
  public static RequestInfo parse(RequestHead head, Query query) {
    return parse(head.method(), head.path(), query);
  }

  /**
   * @param escapedPath starts with a slash; without query
   * @throws ApiException as above
   */
  public static RequestInfo parse(String method, String escapedPath, Query query) {
    String cluster = "";
    String escaped = escapedPath;
    if (escaped.startsWith(CLUSTERS)) {
      int end = clusterEnd(escaped);
      cluster = PercentDecoder.path(escaped.substring(CLUSTERS.length(), end));
      escaped = end == escaped.length() ? "/" : escaped.substring(end);
    }
    String path = PercentDecoder.path(escaped);
    List<String> parts = split(path);
    int resourceAt = resourceAt(parts);
    return resourceAt < 0
        ? nonResource(method, path, cluster)
        : resource(method, path, escaped, cluster, parts, resourceAt, query);
  }

  /**
   * The path that is asked for at a member or at the control plane: still escaped, without the
   * entry {@code /clusters/NAME}.
   */
  public static String withoutCluster(String escapedPath) {
    if (!escapedPath.startsWith(CLUSTERS)) {
      return escapedPath;
    }
    int end = clusterEnd(escapedPath);
    return end == escapedPath.length() ? "/" : escapedPath.substring(end);
  }

  private static int clusterEnd(String escapedPath) {
    int end = escapedPath.indexOf('/', CLUSTERS.length());
    return end < 0 ? escapedPath.length() : end;
  }

  /** Index of the first part behind the version; -1 for paths that name no resource. */
  private static int resourceAt(List<String> parts) {
    if (parts.size() >= 3 && parts.getFirst().equals("api")) {
      return 2;
    }
    return parts.size() >= 4 && parts.getFirst().equals("apis") ? 3 : -1;
  }

  private static RequestInfo nonResource(String method, String path, String cluster) {
    return new RequestInfo(
        false, method.toLowerCase(Locale.ROOT), path, cluster, "", "", "", "", "", "", "", "");
  }

  private static RequestInfo resource(
      String method,
      String path,
      String escapedPath,
      String cluster,
      List<String> parts,
      int resourceAt,
      Query query) {
    int at = resourceAt;
    String verb = verb(method);
    boolean legacy = parts.get(at).equals("watch") || parts.get(at).equals("proxy");
    if (legacy) {
      verb = parts.get(at);
      at++;
      if (at == parts.size()) {
        throw ApiException.noSuchResource();
      }
    }
    String namespace = "";
    if (parts.get(at).equals("namespaces") && parts.size() > at + 1) {
      namespace = parts.get(at + 1);
      if (parts.size() > at + 2 && !isNamespaceSubresource(parts.get(at + 2))) {
        at += 2;
      }
    }
    String resource = parts.get(at);
    String name = parts.size() > at + 1 ? parts.get(at + 1) : "";
    String subresource = parts.size() > at + 2 && !verb.equals("proxy") ? parts.get(at + 2) : "";
    String rest = subresource.equals("proxy") ? behind(escapedPath, at + 3) : "";
    checkSegment("Namespace", namespace);
    checkSegment("Name", name);
    if (name.isEmpty()) {
      switch (verb) {
        case "get" -> {
          verb = query.truthy("watch") ? "watch" : "list";
          name = selectedName(query);
        }
        case "delete" -> verb = "deletecollection";
        default -> {}
      }
    }
    boolean core = resourceAt == 2;
    return new RequestInfo(
        true,
        verb,
        path,
        cluster,
        parts.getFirst(),
        core ? "" : parts.get(1),
        parts.get(core ? 1 : 2),
        namespace,
        resource,
        subresource,
        name,
        rest);
  }

  private static String verb(String method) {
    return switch (method) {
      case "GET", "HEAD" -> "get";
      case "POST" -> "create";
      case "PUT" -> "update";
      case "PATCH" -> "patch";
      case "DELETE" -> "delete";
      default -> "";
    };
  }

  private static boolean isNamespaceSubresource(String part) {
    return part.equals("status") || part.equals("finalize");
  }

  /** The name that the field selector pins, so that rules for single names apply; else empty. */
  private static String selectedName(Query query) {
    String selector = query.get("fieldSelector");
    if (!selector.contains("metadata.name")) {
      return "";
    }
    try {
      String name = FieldSelector.parse(selector).exactly("metadata.name");
      return name == null || segmentError(name) != null ? "" : name;
    } catch (ApiException e) {
      // Whoever reads the options reports it, once the client is known.
      return "";
    }
  }

  private static void checkSegment(String what, String segment) {
    String error = segmentError(segment);
    if (error != null) {
      throw ApiException.badRequest(what + " parameter invalid: \"" + segment + "\": " + error);
    }
  }

  private static @Nullable String segmentError(String segment) {
    return switch (segment) {
      case "." -> "may not be '.'";
      case ".." -> "may not be '..'";
      default ->
          segment.indexOf('/') >= 0
              ? "may not contain '/'"
              : segment.indexOf('%') >= 0 ? "may not contain '%'" : null;
    };
  }

  private static List<String> split(String path) {
    int start = 0;
    int end = path.length();
    while (start < end && path.charAt(start) == '/') {
      start++;
    }
    while (end > start && path.charAt(end - 1) == '/') {
      end--;
    }
    return Arrays.asList(path.substring(start, end).split("/", -1));
  }

  /** What follows the given number of parts, still escaped, without leading slash. */
  private static String behind(String escapedPath, int parts) {
    int at = 0;
    while (at < escapedPath.length() && slashLength(escapedPath, at) > 0) {
      at += slashLength(escapedPath, at);
    }
    for (int left = parts; left > 0 && at < escapedPath.length(); at++) {
      int slash = slashLength(escapedPath, at);
      if (slash > 0) {
        left--;
        at += slash - 1;
      }
    }
    return escapedPath.substring(at);
  }

  /** Since a path is decoded before it is split, {@code %2F} separates parts as a slash does. */
  private static int slashLength(String escapedPath, int at) {
    if (escapedPath.charAt(at) == '/') {
      return 1;
    }
    return escapedPath.regionMatches(true, at, "%2F", 0, 3) ? 3 : 0;
  }
}
