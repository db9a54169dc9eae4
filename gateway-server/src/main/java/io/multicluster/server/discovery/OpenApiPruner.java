package io.multicluster.server.discovery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.resource.GroupResource;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Cuts an OpenAPI document to the paths of offered resources and to the schemas that these reach,
 * in JSON and, by the same decisions, in gnostic's protobuf form.
 */
final class OpenApiPruner {
  /** Where things stand in a document of one OpenAPI version. */
  enum Form {
    V2("#/definitions/", 8, 2, 9),
    V3("#/components/schemas/", 4, 1, 5);

    private final String reference;
    private final int pathsField;
    private final int pathField;
    private final int schemasField;

    Form(String reference, int pathsField, int pathField, int schemasField) {
      this.reference = reference;
      this.pathsField = pathsField;
      this.pathField = pathField;
      this.schemasField = schemasField;
    }

    private JsonNode schemas(JsonNode document) {
      return this == V2
          ? document.path("definitions")
          : document.path("components").path("schemas");
    }
  }

  /**
   * Clients decide by this path whether the server validates custom resources: it stays even where
   * namespaces are not offered.
   */
  private static final String NAMESPACE = "/api/v1/namespaces/{name}";

  private final Form form;
  private final Predicate<GroupResource> offered;

  OpenApiPruner(Form form, Predicate<GroupResource> offered) {
    this.form = form;
    this.offered = offered;
  }

  /** Cuts {@code document} in place and returns the names of the schemas that stay. */
  Set<String> prune(ObjectNode document) {
    if (document.path("paths") instanceof ObjectNode paths) {
      removeUnless(paths, this::keepsPath);
    }
    Set<String> reached = reachable(document);
    if (form.schemas(document) instanceof ObjectNode schemas) {
      removeUnless(schemas, reached::contains);
    }
    return reached;
  }

  private static void removeUnless(ObjectNode object, Predicate<String> keep) {
    for (Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
      if (!keep.test(names.next())) {
        names.remove();
      }
    }
  }

  private Set<String> reachable(ObjectNode document) {
    JsonNode schemas = form.schemas(document);
    Set<String> reached = new HashSet<>();
    Deque<JsonNode> open = new ArrayDeque<>();
    open.add(document.path("paths"));
    while (!open.isEmpty()) {
      JsonNode node = open.pop();
      JsonNode reference = node.get("$ref");
      if (reference != null && reference.asText().startsWith(form.reference)) {
        String name = reference.asText().substring(form.reference.length());
        if (reached.add(name)) {
          open.push(schemas.path(name));
        }
      }
      node.forEach(open::push);
    }
    return reached;
  }

  /** Whether a path such as {@code /apis/apps/v1/namespaces/{namespace}/deployments} stays. */
  boolean keepsPath(String path) {
    String[] parts = path.substring(1).split("/", -1);
    int versionAt = parts[0].equals("api") ? 1 : parts[0].equals("apis") ? 2 : -1;
    if (versionAt < 0 || parts.length <= versionAt + 1 || parts[versionAt + 1].isEmpty()) {
      return true;
    }
    if (path.equals(NAMESPACE)) {
      return true;
    }
    String group = versionAt == 1 ? "" : parts[1];
    int at = versionAt + 1;
    if (parts[at].equals("watch") && at + 1 < parts.length) {
      at++;
    }
    if (parts[at].equals("namespaces")
        && at + 2 < parts.length
        && parts[at + 1].equals("{namespace}")) {
      at += 2;
    }
    return offered.test(new GroupResource(group, parts[at]));
  }

  /**
   * Cuts the protobuf form.
   *
   * @param schemas the names that stay, as {@link #prune} found them in the JSON form
   */
  byte[] prune(byte[] protobuf, Set<String> schemas) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(protobuf.length / 4);
    ProtoReader document = new ProtoReader(protobuf);
    while (document.next()) {
      if (document.field() == form.pathsField) {
        nested(form.pathsField, named(document.message(), form.pathField, this::keepsPath), out);
      } else if (document.field() == form.schemasField) {
        nested(form.schemasField, schemas(document.message(), schemas), out);
      } else {
        copy(document, out);
      }
    }
    return out.toByteArray();
  }

  private byte[] schemas(ProtoReader message, Set<String> kept) {
    if (form == Form.V2) {
      return named(message, 1, kept::contains);
    }
    // Version 3 has its schemas one level deeper: Components.schemas.
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    while (message.next()) {
      if (message.field() == 1) {
        nested(1, named(message.message(), 1, kept::contains), out);
      } else {
        copy(message, out);
      }
    }
    return out.toByteArray();
  }

  /** Keeps the entries {@code {1: name, 2: value}} of {@code field} whose name passes. */
  private static byte[] named(ProtoReader message, int field, Predicate<String> keep) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    while (message.next()) {
      if (message.field() != field || keep.test(name(message.message()))) {
        copy(message, out);
      }
    }
    return out.toByteArray();
  }

  private static String name(ProtoReader entry) {
    while (entry.next()) {
      if (entry.field() == 1) {
        return entry.string();
      }
    }
    return "";
  }

  private static void copy(ProtoReader field, ByteArrayOutputStream out) {
    out.write(field.bytes(), field.fieldStart(), field.valueEnd() - field.fieldStart());
  }

  private static void nested(int field, byte[] message, ByteArrayOutputStream out) {
    varint((field << 3) | 2, out);
    varint(message.length, out);
    out.writeBytes(message);
  }

  private static void varint(int value, ByteArrayOutputStream out) {
    int rest = value;
    while (rest >>> 7 != 0) {
      out.write((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    out.write(rest);
  }
}
