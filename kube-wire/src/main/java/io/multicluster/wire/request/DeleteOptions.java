package io.multicluster.wire.request;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.multicluster.wire.json.JsonWriter;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.GoText;
import io.multicluster.wire.status.Status.Cause;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How an object is to be deleted. They stand in the body; only if that is empty does the query
 * count, {@code dryRun} included.
 *
 * @param gracePeriodSeconds null if the object's own is to apply
 * @param uid which the object must have; null for any
 * @param resourceVersion which the object must have; null for any
 * @param orphanDependents null if not told; the old form of a propagation policy
 * @param propagationPolicy {@code Foreground}, {@code Background} or {@code Orphan}; null if not
 *     told
 * @param dryRun empty, or only {@code All}
 */
public record DeleteOptions(
    @Nullable Long gracePeriodSeconds,
    @Nullable String uid,
    @Nullable String resourceVersion,
    @Nullable Boolean orphanDependents,
    @Nullable String propagationPolicy,
    List<String> dryRun) {
  private static final String KIND = "DeleteOptions";
  private static final JsonFactory JSON = new JsonFactory();

  public DeleteOptions {
    dryRun = List.copyOf(dryRun);
  }

  /**
   * @param body in JSON or, which shows from its first bytes, in protobuf
   * @throws ApiException 400 or 422
   */
  public static DeleteOptions read(Query query, byte[] body) {
    Draft draft = new Draft();
    if (body.length == 0) {
      draft.read(query);
    } else if (Envelope.isEnveloped(body, 0, body.length)) {
      try {
        draft.readEnveloped(body);
      } catch (MalformedProtoException e) {
        throw ApiException.badRequest("DeleteOptions can't be read: " + e.getMessage());
      }
    } else {
      try (JsonParser json = JSON.createParser(body)) {
        draft.read(json);
      } catch (IOException e) {
        throw ApiException.badRequest("couldn't get version/kind; json parse error");
      }
    }
    DeleteOptions options = draft.options();
    options.validate();
    return options;
  }

  /** Whether nothing is to be changed. */
  public boolean isDryRun() {
    return !dryRun.isEmpty();
  }

  /** The same with another condition on the object's state. */
  public DeleteOptions withResourceVersion(@Nullable String required) {
    return new DeleteOptions(
        gracePeriodSeconds, uid, required, orphanDependents, propagationPolicy, dryRun);
  }

  /** The same, but nothing is to be changed. */
  public DeleteOptions asDryRun() {
    return new DeleteOptions(
        gracePeriodSeconds,
        uid,
        resourceVersion,
        orphanDependents,
        propagationPolicy,
        List.of("All"));
  }

  /** As the JSON body of a request. */
  public byte[] json() {
    JsonWriter json = new JsonWriter(512);
    json.beginObject().name("kind").value(KIND).name("apiVersion").value("v1");
    if (gracePeriodSeconds != null) {
      json.name("gracePeriodSeconds").value(gracePeriodSeconds);
    }
    if (uid != null || resourceVersion != null) {
      json.name("preconditions").beginObject();
      if (uid != null) {
        json.name("uid").value(uid);
      }
      if (resourceVersion != null) {
        json.name("resourceVersion").value(resourceVersion);
      }
      json.endObject();
    }
    if (orphanDependents != null) {
      json.name("orphanDependents").value(orphanDependents);
    }
    if (propagationPolicy != null) {
      json.name("propagationPolicy").value(propagationPolicy);
    }
    if (!dryRun.isEmpty()) {
      json.name("dryRun").beginArray();
      dryRun.forEach(json::value);
      json.endArray();
    }
    return json.endObject().toByteArray();
  }

  private void validate() {
    List<Cause> causes = new ArrayList<>(0);
    if (propagationPolicy != null) {
      String quoted = GoText.quote(propagationPolicy);
      if (orphanDependents != null) {
        causes.add(
            new Cause(
                "FieldValueInvalid",
                "Invalid value: "
                    + quoted
                    + ": orphanDependents and deletionPropagation cannot be both set",
                "propagationPolicy"));
      }
      switch (propagationPolicy) {
        case "Foreground", "Background", "Orphan" -> {}
        default ->
            causes.add(
                new Cause(
                    "FieldValueNotSupported",
                    "Unsupported value: "
                        + quoted
                        + ": supported values: \"Foreground\", \"Background\", \"Orphan\","
                        + " \"nil\"",
                    "propagationPolicy"));
      }
    }
    if (!dryRun.stream().allMatch("All"::equals)) {
      causes.add(
          new Cause(
              "FieldValueNotSupported",
              "Unsupported value: ["
                  + String.join(",", dryRun.stream().map(GoText::quote).toList())
                  + "]: supported values: \"All\"",
              "dryRun"));
    }
    if (!causes.isEmpty()) {
      throw ApiException.invalid("meta.k8s.io", KIND, "", causes);
    }
  }

  /** The parts as they turn up. */
  private static final class Draft {
    private @Nullable Long gracePeriodSeconds;
    private @Nullable String uid;
    private @Nullable String resourceVersion;
    private @Nullable Boolean orphanDependents;
    private @Nullable String propagationPolicy;
    private List<String> dryRun = new ArrayList<>(0);

    DeleteOptions options() {
      return new DeleteOptions(
          gracePeriodSeconds, uid, resourceVersion, orphanDependents, propagationPolicy, dryRun);
    }

    void read(Query query) {
      if (query.has("gracePeriodSeconds")) {
        gracePeriodSeconds = query.integer("gracePeriodSeconds");
      }
      uid = query.get("uid").isEmpty() ? null : query.get("uid");
      String version = query.get("resourceVersion");
      resourceVersion = version.isEmpty() ? null : version;
      if (query.has("orphanDependents")) {
        orphanDependents = query.truthy("orphanDependents");
      }
      propagationPolicy = query.first("propagationPolicy");
      dryRun = query.all("dryRun");
    }

    void read(JsonParser json) throws IOException {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw ApiException.badRequest("couldn't get version/kind; json parse error");
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        switch (name) {
          case "kind" -> checkKind(text(json, name));
          case "gracePeriodSeconds" -> gracePeriodSeconds = integer(json, name);
          case "orphanDependents" -> orphanDependents = bool(json, name);
          case "propagationPolicy" -> propagationPolicy = text(json, name);
          case "preconditions" -> readPreconditions(json);
          case "dryRun" -> readDryRun(json);
          default -> json.skipChildren();
        }
      }
      if (json.nextToken() != null) {
        throw ApiException.badRequest("DeleteOptions are followed by something else");
      }
    }

    private void readPreconditions(JsonParser json) throws IOException {
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return;
      }
      expect(json, JsonToken.START_OBJECT, "preconditions", "v1.Preconditions");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        switch (name) {
          case "uid" -> uid = text(json, "preconditions.uid");
          case "resourceVersion" -> resourceVersion = text(json, "preconditions.resourceVersion");
          default -> json.skipChildren();
        }
      }
    }

    private void readDryRun(JsonParser json) throws IOException {
      dryRun.clear();
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return;
      }
      expect(json, JsonToken.START_ARRAY, "dryRun", "[]string");
      while (json.nextToken() != JsonToken.END_ARRAY) {
        String value = text(json, "dryRun");
        dryRun.add(value == null ? "" : value);
      }
    }

    void readEnveloped(byte[] body) {
      Envelope.Content content = Envelope.open(body, 0, body.length);
      checkKind(content.kind());
      ProtoReader r = new ProtoReader(body, content.rawStart(), content.rawEnd());
      while (r.next()) {
        switch (r.field()) {
          case 1 -> gracePeriodSeconds = r.int64();
          case 2 -> {
            ProtoReader preconditions = r.message();
            while (preconditions.next()) {
              switch (preconditions.field()) {
                case 1 -> uid = preconditions.string();
                case 2 -> resourceVersion = preconditions.string();
                default -> {}
              }
            }
          }
          case 3 -> orphanDependents = r.bool();
          case 4 -> propagationPolicy = r.string();
          case 5 -> dryRun.add(r.string());
          default -> {}
        }
      }
    }

    /** Clients name the version of the resource, of {@code v1} or of {@code meta.k8s.io/v1}. */
    private static void checkKind(@Nullable String kind) {
      if (kind != null && !kind.isEmpty() && !kind.equals(KIND)) {
        throw ApiException.badRequest(
            "decoded object cannot be converted to DeleteOptions: it is a " + GoText.quote(kind));
      }
    }

    private static @Nullable String text(JsonParser json, String name) throws IOException {
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return null;
      }
      expect(json, JsonToken.VALUE_STRING, name, "string");
      return json.getText();
    }

    private static @Nullable Boolean bool(JsonParser json, String name) {
      return switch (json.currentToken()) {
        case VALUE_NULL -> null;
        case VALUE_TRUE -> true;
        case VALUE_FALSE -> false;
        default -> throw mismatch(json, name, "bool");
      };
    }

    private static @Nullable Long integer(JsonParser json, String name) throws IOException {
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return null;
      }
      expect(json, JsonToken.VALUE_NUMBER_INT, name, "int64");
      return json.getLongValue();
    }

    private static void expect(JsonParser json, JsonToken token, String name, String type) {
      if (json.currentToken() != token) {
        throw mismatch(json, name, type);
      }
    }

    private static ApiException mismatch(JsonParser json, String name, String type) {
      String found =
          switch (json.currentToken()) {
            case START_OBJECT -> "object";
            case START_ARRAY -> "array";
            case VALUE_STRING -> "string";
            case VALUE_TRUE, VALUE_FALSE -> "bool";
            default -> "number";
          };
      return ApiException.badRequest(
          "json: cannot unmarshal "
              + found
              + " into Go struct field DeleteOptions."
              + name
              + " of type "
              + type);
    }
  }
}
