package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status.Cause;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/** Objects as they come in: known to this server, in their normal form, named well, valid. */
final class Intake {
  private static final Pattern SUBDOMAIN =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  private static final Pattern PATH_SEGMENT = Pattern.compile("[^/%]+");

  private Intake() {}

  /** An object as this server would store it: unknown fields gone, in its normal form. */
  static ObjectNode accept(ResourceType type, ObjectNode body, Writes.Options options) {
    String kind = Json.string(body, "kind");
    String apiVersion = Json.string(body, "apiVersion");
    if (type.custom() != null && (kind.isEmpty() || apiVersion.isEmpty())) {
      String text = new String(Json.bytes(body), StandardCharsets.UTF_8);
      throw ApiException.badRequest(
          "the object provided is unrecognized (must be of type "
              + type.kind()
              + "): Object '"
              + (kind.isEmpty() ? "Kind" : "apiVersion")
              + "' is missing in '"
              + text
              + "' ("
              + text
              + ")");
    }
    if ((!kind.isEmpty() && !kind.equals(type.kind()))
        || (!apiVersion.isEmpty() && !apiVersion.equals(type.apiVersion()))) {
      throw cannotBeHandled(
          kind,
          apiVersion,
          type.kind(),
          "converting ("
              + apiVersion.substring(apiVersion.indexOf('/') + 1)
              + "."
              + kind
              + ") to ("
              + goPackage(type)
              + "."
              + type.kind()
              + "): unknown conversion");
    }
    ObjectNode object = Json.object();
    object.put("kind", type.kind()).put("apiVersion", type.apiVersion());
    body.forEachEntry(object::set);
    List<String> unknown;
    ObjectNode accepted;
    if (type.message() != null) {
      Canonical.Result result = Canonical.of(type.message(), object);
      unknown = result.unknownFields();
      accepted = result.object();
    } else {
      accepted = object.deepCopy();
      Canonical.Result metadata =
          Canonical.of(
              Schema.message(Schema.META + "ObjectMeta"),
              Json.requireObject(object.path("metadata"), "metadata"));
      accepted.set("metadata", metadata.object());
      StructuralSchema.Findings findings =
          StructuralSchema.apply(
              java.util.Objects.requireNonNull(type.custom()).schema(), accepted);
      unknown =
          java.util.stream.Stream.concat(
                  metadata.unknownFields().stream().map(f -> "metadata." + f),
                  findings.unknownFields().stream())
              .toList();
    }
    if (!unknown.isEmpty()) {
      String list =
          String.join(", ", unknown.stream().map(f -> "unknown field \"" + f + "\"").toList());
      if (options.validation().equals("Strict")) {
        throw cannotBeHandled(
            type.kind(), type.apiVersion(), type.kind(), "strict decoding error: " + list);
      }
      if (!options.validation().equals("Ignore")) {
        for (String field : unknown) {
          options.warnings().accept("299 - \"unknown field \\\"" + field + "\\\"\"");
        }
      }
    }
    return accepted;
  }

  private static ApiException cannotBeHandled(
      String kind, String apiVersion, String wanted, String why) {
    String version = apiVersion.substring(apiVersion.indexOf('/') + 1);
    return ApiException.badRequest(
        kind + " in version \"" + version + "\" cannot be handled as a " + wanted + ": " + why);
  }

  /** The Go package of a built-in kind's internal type, as it shows in some messages. */
  static String goPackage(ResourceType type) {
    return type.custom() != null
        ? "unstructured"
        : type.group().isEmpty() ? "core" : type.group().split("\\.", 2)[0];
  }

  /** The form in which objects of a type are stored and compared. */
  static ObjectNode normal(ResourceType type, ObjectNode object) {
    if (type.message() != null) {
      return Canonical.of(type.message(), object).object();
    }
    return (ObjectNode) StructuralSchema.sorted(object);
  }

  static void validate(ResourceType type, ObjectNode object) {
    String name = Json.string(object, "metadata", "name");
    if (type.custom() != null) {
      List<Cause> errors =
          StructuralSchema.apply(type.custom().schema(), object.deepCopy()).errors();
      errors = Scales.errors(type, object, errors);
      if (!errors.isEmpty()) {
        throw ApiException.invalid(type.group(), type.kind(), name, errors);
      }
    } else if (type.is("", "pods")
        && !Json.elements(object, "spec", "containers").iterator().hasNext()) {
      throw ApiException.invalid(
          "",
          "Pod",
          name,
          List.of(new Cause("FieldValueRequired", "Required value", "spec.containers")));
    } else if (type.isDefinition()) {
      String expected =
          Json.string(object, "spec", "names", "plural")
              + "."
              + Json.string(object, "spec", "group");
      if (!name.equals(expected)) {
        throw ApiException.invalid(
            type.group(),
            type.kind(),
            name,
            List.of(
                new Cause(
                    "FieldValueInvalid",
                    "Invalid value: \"" + name + "\": must be spec.names.plural+\".\"+spec.group",
                    "metadata.name")));
      }
    } else if (type.is("apps", "deployments") || type.is("apps", "replicasets")) {
      if (Json.integer(object, "spec", "replicas") < 0) {
        throw ApiException.invalid(
            type.group(),
            type.kind(),
            name,
            List.of(
                new Cause(
                    "FieldValueInvalid",
                    "Invalid value: "
                        + Json.integer(object, "spec", "replicas")
                        + ": must be greater than or equal to 0",
                    "spec.replicas")));
      }
    }
  }

  static void checkNamespace(ResourceType type, String namespace, ObjectNode metadata) {
    String given = Json.string(metadata, "namespace");
    if (!type.namespaced()) {
      metadata.remove("namespace");
      return;
    }
    if (given.isEmpty()) {
      metadata.put("namespace", namespace);
    } else if (!given.equals(namespace)) {
      throw ApiException.badRequest(
          "the namespace of the provided object does not match the namespace sent on the request");
    }
  }

  static void checkName(ResourceType type, String name) {
    if (name.isEmpty()) {
      throw ApiException.invalid(
          type.group(),
          type.kind(),
          "",
          List.of(
              new Cause(
                  "FieldValueRequired",
                  "Required value: name or generateName is required",
                  "metadata.name")));
    }
    boolean free = type.group().equals("rbac.authorization.k8s.io");
    if (!(free ? PATH_SEGMENT : SUBDOMAIN).matcher(name).matches() || name.length() > 253) {
      throw ApiException.invalid(
          type.group(),
          type.kind(),
          name,
          List.of(
              new Cause(
                  "FieldValueInvalid",
                  "Invalid value: \""
                      + name
                      + "\": a lowercase RFC 1123 subdomain must consist of lower case"
                      + " alphanumeric characters, '-' or '.', and must start and end with an"
                      + " alphanumeric character (e.g. 'example.com', regex used for validation is"
                      + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
                  "metadata.name")));
    }
  }
}
