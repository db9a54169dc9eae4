package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Decides by the roles and bindings that are stored in the cluster. */
final class Rbac {
  private static final String GROUP = "rbac.authorization.k8s.io";
  private static final GroupResource CLUSTER_ROLES = new GroupResource(GROUP, "clusterroles");
  private static final GroupResource CLUSTER_BINDINGS =
      new GroupResource(GROUP, "clusterrolebindings");
  private static final GroupResource ROLES = new GroupResource(GROUP, "roles");
  private static final GroupResource BINDINGS = new GroupResource(GROUP, "rolebindings");

  private final ObjectStore store;

  Rbac(ObjectStore store) {
    this.store = store;
  }

  /**
   * @param reason why; empty if there is nothing to say
   */
  record Decision(boolean allowed, String reason) {}

  /** A rule of a role that a user has. */
  private record Grant(JsonNode rule, String reason) {}

  Decision authorize(UserInfo user, Target target) {
    if (user.groups().contains(UserInfo.SYSTEM_MASTERS)) {
      return new Decision(true, "");
    }
    List<String> missing = new ArrayList<>();
    for (Grant grant : grants(user, target.namespace(), missing)) {
      if (target.isResource()
          ? allowsResource(grant.rule(), target)
          : allowsPath(grant.rule(), target)) {
        return new Decision(true, grant.reason());
      }
    }
    return new Decision(false, missing.isEmpty() ? "" : "RBAC: " + String.join(", ", missing));
  }

  /** All rules that a user has in a namespace (empty: only those of the whole cluster). */
  List<JsonNode> rules(UserInfo user, String namespace) {
    if (user.groups().contains(UserInfo.SYSTEM_MASTERS)) {
      return List.of(
          Json.trusted("{\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],\"resources\":[\"*\"]}"),
          Json.trusted("{\"verbs\":[\"*\"],\"nonResourceURLs\":[\"*\"]}"));
    }
    return grants(user, namespace, new ArrayList<>()).stream().map(Grant::rule).toList();
  }

  private List<Grant> grants(UserInfo user, String namespace, List<String> missing) {
    List<Grant> grants = new ArrayList<>();
    for (Entry binding : store.collection(CLUSTER_BINDINGS).snapshot("").entries()) {
      collect(user, binding.object(), "", missing, grants);
    }
    if (!namespace.isEmpty()) {
      for (Entry binding : store.collection(BINDINGS).snapshot(namespace).entries()) {
        collect(user, binding.object(), namespace, missing, grants);
      }
    }
    return grants;
  }

  private void collect(
      UserInfo user,
      ObjectNode binding,
      String namespace,
      List<String> missing,
      List<Grant> grants) {
    JsonNode matched = null;
    for (JsonNode subject : Json.elements(binding, "subjects")) {
      if (matches(user, subject, namespace)) {
        matched = subject;
        break;
      }
    }
    if (matched == null) {
      return;
    }
    String roleKind = Json.string(binding, "roleRef", "kind");
    String roleName = Json.string(binding, "roleRef", "name");
    ObjectNode role = role(roleKind, roleName, namespace);
    if (role == null) {
      missing.add(
          (roleKind.equals("Role") ? "role." : "clusterrole.")
              + GROUP
              + " \""
              + roleName
              + "\" not found");
      return;
    }
    String reason =
        "RBAC: allowed by "
            + Json.string(binding, "kind")
            + " \""
            + Json.string(binding, "metadata", "name")
            + (namespace.isEmpty() ? "" : "/" + namespace)
            + "\" of "
            + roleKind
            + " \""
            + roleName
            + "\" to "
            + Json.string(matched, "kind")
            + " \""
            + Json.string(matched, "name")
            + (Json.string(matched, "kind").equals("ServiceAccount")
                ? "/" + Json.string(matched, "namespace")
                : "")
            + "\"";
    for (JsonNode rule : rules(role)) {
      grants.add(new Grant(rule, reason));
    }
  }

  private @Nullable ObjectNode role(String kind, String name, String namespace) {
    Entry role =
        kind.equals("Role")
            ? store.collection(ROLES).get(namespace, name)
            : store.collection(CLUSTER_ROLES).get("", name);
    return role == null ? null : role.object();
  }

  /** The rules of a role, those included that its aggregation rule takes from others. */
  private List<JsonNode> rules(ObjectNode role) {
    List<JsonNode> rules = new ArrayList<>();
    Json.elements(role, "rules").forEach(rules::add);
    for (JsonNode selector : Json.elements(role, "aggregationRule", "clusterRoleSelectors")) {
      var wanted = Json.texts(selector, "matchLabels").entrySet();
      for (Entry other : store.collection(CLUSTER_ROLES).snapshot("").entries()) {
        if (!wanted.isEmpty() && other.labels().entrySet().containsAll(wanted)) {
          Json.elements(other.object(), "rules").forEach(rules::add);
        }
      }
    }
    return rules;
  }

  private static boolean matches(UserInfo user, JsonNode subject, String namespace) {
    String name = Json.string(subject, "name");
    return switch (Json.string(subject, "kind")) {
      case "User" -> user.name().equals(name);
      case "Group" -> user.groups().contains(name);
      case "ServiceAccount" -> {
        String given = Json.string(subject, "namespace");
        yield user.name()
            .equals("system:serviceaccount:" + (given.isEmpty() ? namespace : given) + ":" + name);
      }
      default -> false;
    };
  }

  private static boolean allowsResource(JsonNode rule, Target target) {
    List<String> names = Json.strings(rule, "resourceNames");
    return has(Json.strings(rule, "verbs"), target.verb())
        && has(Json.strings(rule, "apiGroups"), target.group())
        && hasResource(Json.strings(rule, "resources"), target)
        && (names.isEmpty() || (names.contains(target.name()) && !target.name().isEmpty()));
  }

  private static boolean hasResource(List<String> resources, Target target) {
    if (target.subresource().isEmpty()) {
      return has(resources, target.resource());
    }
    return has(resources, target.resource() + "/" + target.subresource())
        || resources.contains("*/" + target.subresource());
  }

  private static boolean has(List<String> values, String wanted) {
    return values.contains("*") || values.contains(wanted);
  }

  private static boolean allowsPath(JsonNode rule, Target target) {
    return has(Json.strings(rule, "verbs"), target.verb())
        && Json.strings(rule, "nonResourceURLs").stream()
            .anyMatch(pattern ->
                pattern.endsWith("*")
                    ? target.path().startsWith(pattern.substring(0, pattern.length() - 1))
                    : target.path().equals(pattern));
  }

  static ApiException forbidden(UserInfo user, Target target, Decision decision) {
    String who = "User \"" + user.name() + "\" cannot " + target.verb();
    String why = decision.reason().isEmpty() ? "" : ": " + decision.reason();
    if (!target.isResource()) {
      return new ApiException(
          io.multicluster.wire.status.Status.failure(
                  403, "Forbidden", "forbidden: " + who + " path \"" + target.path() + "\"" + why)
              .withDetails(io.multicluster.wire.status.Status.Details.EMPTY));
    }
    String resource =
        target.subresource().isEmpty()
            ? target.resource()
            : target.resource() + "/" + target.subresource();
    String where =
        target.namespace().isEmpty()
            ? "at the cluster scope"
            : "in the namespace \"" + target.namespace() + "\"";
    return ApiException.forbidden(
        target.groupResource(),
        target.name(),
        who
            + " resource \""
            + resource
            + "\" in API group \""
            + target.group()
            + "\" "
            + where
            + why);
  }
}
