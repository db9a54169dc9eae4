package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A field selector of one resource: {@code metadata.name=x,status.phase!=Running}. */
record FieldSelector(List<Term> terms) {
  static final FieldSelector EVERYTHING = new FieldSelector(List.of());

  private static final Set<String> REFERENCE =
      Set.of("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath");

  /** Fields beyond name and namespace that are just text at a path of the stored object. */
  private static final Map<GroupResource, Set<String>> PLAIN =
      Map.of(
          new GroupResource("", "pods"),
          Set.of(
              "spec.nodeName",
              "spec.restartPolicy",
              "spec.schedulerName",
              "spec.serviceAccountName",
              "status.phase",
              "status.nominatedNodeName"),
          new GroupResource("", "namespaces"),
          Set.of("status.phase"),
          new GroupResource("", "nodes"),
          Set.of("spec.unschedulable"),
          new GroupResource("", "secrets"),
          Set.of("type"),
          new GroupResource("", "services"),
          Set.of("spec.clusterIP", "spec.type"),
          new GroupResource("apps", "replicasets"),
          Set.of("status.replicas"),
          new GroupResource("batch", "jobs"),
          Set.of("status.successful"),
          new GroupResource("certificates.k8s.io", "certificatesigningrequests"),
          Set.of("spec.signerName"));

  /**
   * @param field as the stored object calls it
   */
  record Term(String field, boolean equal, String value) {
    boolean matches(Entry entry) {
      return valueOf(entry, field).equals(value) == equal;
    }
  }

  FieldSelector {
    terms = List.copyOf(terms);
  }

  boolean matches(Entry entry) {
    for (Term term : terms) {
      if (!term.matches(entry)) {
        return false;
      }
    }
    return true;
  }

  /** The name that the selector pins with {@code metadata.name=…}; empty if it does not. */
  String pinnedName() {
    return terms.stream()
        .filter(t -> t.equal() && t.field().equals("metadata.name"))
        .map(Term::value)
        .findFirst()
        .orElse("");
  }

  /** Splits a selector without judging its fields. */
  static FieldSelector parse(String text) {
    List<Term> terms = new ArrayList<>();
    for (String part : split(text)) {
      if (part.isEmpty()) {
        continue;
      }
      int at = -1;
      String operator = "";
      for (int i = 0; i < part.length() && at < 0; i++) {
        for (String candidate : List.of("!=", "==", "=")) {
          if (part.startsWith(candidate, i)) {
            at = i;
            operator = candidate;
            break;
          }
        }
      }
      if (at < 0) {
        throw ApiException.badRequest(
            "invalid selector: '" + text + "'; can't understand '" + part + "'");
      }
      terms.add(
          new Term(
              part.substring(0, at),
              !operator.equals("!="),
              unescape(part.substring(at + operator.length()))));
    }
    return new FieldSelector(terms);
  }

  /** The same selector in the stored object's words; 400 for fields that the resource has not. */
  FieldSelector of(ResourceType type) {
    return new FieldSelector(
        terms.stream()
            .map(t -> new Term(storedName(type, t.field()), t.equal(), t.value()))
            .toList());
  }

  private static String storedName(ResourceType type, String field) {
    if (field.equals("metadata.name")
        || (field.equals("metadata.namespace") && type.namespaced())) {
      return field;
    }
    if (type.storage().equals(GroupResource.EVENTS)) {
      return eventField(type, field);
    }
    if (type.storage().equals(GroupResource.PODS)) {
      if (field.equals("spec.host")) {
        return "spec.nodeName";
      }
      if (Set.of("spec.hostNetwork", "status.podIP", "status.podIPs").contains(field)) {
        return field;
      }
    }
    Set<String> plain = PLAIN.get(type.groupResource());
    if (plain != null) {
      if (plain.contains(field)) {
        return field;
      }
      throw ApiException.badRequest("field label not supported: " + field);
    }
    if (type.custom() != null && type.custom().selectableFields().contains("." + field)) {
      return field;
    }
    if (type.custom() != null) {
      throw ApiException.badRequest("field label not supported: " + field);
    }
    throw ApiException.badRequest(
        "\""
            + field
            + "\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
  }

  private static String eventField(ResourceType type, String field) {
    boolean core = type.group().isEmpty();
    String reference = core ? "involvedObject." : "regarding.";
    if (field.startsWith(reference) && REFERENCE.contains(field.substring(reference.length()))) {
      return "involvedObject." + field.substring(reference.length());
    }
    if (field.equals("reason") || field.equals("type")) {
      return field;
    }
    if (core && (field.equals("source") || field.equals("reportingComponent"))) {
      return field;
    }
    if (!core && field.equals("reportingController")) {
      return "reportingComponent";
    }
    throw ApiException.badRequest("field label not supported: " + field);
  }

  private static String valueOf(Entry entry, String field) {
    return switch (field) {
      case "metadata.name" -> entry.name();
      case "metadata.namespace" -> entry.namespace();
      case "status.podIPs" -> "";
      default -> {
        String known = entry.field(field);
        yield known == null ? valueOf(entry.object(), field) : known;
      }
    };
  }

  private static String valueOf(ObjectNode object, String field) {
    return switch (field) {
      case "spec.hostNetwork", "spec.unschedulable" ->
          Boolean.toString(Json.isTrue(object, field.split("\\.", -1)));
      case "status.podIP" -> {
        var ips = Json.elements(object, "status", "podIPs").iterator();
        yield ips.hasNext() ? Json.string(ips.next(), "ip") : "";
      }
      case "source" -> {
        String component = Json.string(object, "source", "component");
        yield component.isEmpty() ? Json.string(object, "reportingComponent") : component;
      }
      case "status.successful" -> Long.toString(Json.integer(object, "status", "succeeded"));
      case "status.replicas" -> Long.toString(Json.integer(object, "status", "replicas"));
      default -> Json.string(object, field.split("\\.", -1));
    };
  }

  private static List<String> split(String text) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length()) {
        part.append(c).append(text.charAt(++i));
      } else if (c == ',') {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(c);
      }
    }
    parts.add(part.toString());
    return parts;
  }

  private static String unescape(String value) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '\\') {
        char escaped = i + 1 < value.length() ? value.charAt(++i) : 0;
        if ("\\,=".indexOf(escaped) < 0) {
          throw ApiException.badRequest("invalid field selector: invalid escape in " + value);
        }
        out.append(escaped);
      } else if (c == '=') {
        throw ApiException.badRequest("invalid field selector: unescaped = in " + value);
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }
}
