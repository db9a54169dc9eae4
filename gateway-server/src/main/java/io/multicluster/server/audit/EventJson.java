package io.multicluster.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.wire.json.JsonWriter;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writes an {@code Event} of {@code audit.k8s.io/v1} as kube-apiserver's log backend does. */
final class EventJson {
  private EventJson() {}

  /**
   * What an answer adds to an event.
   *
   * @param code the HTTP status; 0 if there was no answer
   * @param status the answer, if it is a {@code v1 Status}
   * @param message told in the event where {@code status} is null; may be empty
   */
  record Answer(int code, @Nullable JsonNode status, String message) {}

  /**
   * Names of the object that the path lacks, such as that of one just created; empty if unknown.
   */
  record Identity(String namespace, String name, String uid, String resourceVersion) {
    static final Identity NONE = new Identity("", "", "", "");

    static Identity of(JsonNode object) {
      JsonNode metadata = object.path("metadata");
      return new Identity(
          metadata.path("namespace").asText(),
          metadata.path("name").asText(),
          metadata.path("uid").asText(),
          metadata.path("resourceVersion").asText());
    }
  }

  /** An event's parts that differ from stage to stage. */
  record Parts(
      Level level,
      Stage stage,
      @Nullable UserInfo impersonated,
      String constraint,
      Identity identity,
      @Nullable Answer answer,
      @Nullable JsonNode requestObject,
      @Nullable JsonNode responseObject,
      Map<String, String> annotations) {}

  /** One line, with its line feed. */
  static byte[] line(AuditedRequest request, Parts parts) {
    JsonWriter json = new JsonWriter(1024);
    json.beginObject().name("kind").value("Event").name("apiVersion").value("audit.k8s.io/v1");
    json.name("level").value(parts.level.toString());
    json.name("auditID").value(request.auditId());
    json.name("stage").value(parts.stage.toString());
    json.name("requestURI").value(request.requestUri());
    json.name("verb").value(request.info().verb());
    json.name("user");
    user(json, request.user());
    if (parts.impersonated != null) {
      json.name("impersonatedUser");
      user(json, parts.impersonated);
    }
    if (!parts.constraint.isEmpty()) {
      json.name("authenticationMetadata").beginObject();
      json.name("impersonationConstraint").value(parts.constraint).endObject();
    }
    strings(json, "sourceIPs", request.sourceIps());
    member(json, "userAgent", request.userAgent());
    if (request.info().resourceRequest()) {
      objectRef(json, request.info(), parts.identity);
    }
    if (parts.answer != null) {
      status(json, parts.answer);
    }
    object(json, "requestObject", parts.requestObject);
    object(json, "responseObject", parts.responseObject);
    time(json, "requestReceivedTimestamp", request.received());
    time(json, "stageTimestamp", Instant.now());
    if (!parts.annotations.isEmpty()) {
      json.name("annotations").beginObject();
      parts.annotations.forEach((key, value) -> json.name(key).value(value));
      json.endObject();
    }
    json.endObject();
    byte[] object = json.toByteArray();
    byte[] line = Arrays.copyOf(object, object.length + 1);
    line[object.length] = '\n';
    return line;
  }

  private static void user(JsonWriter json, @Nullable UserInfo user) {
    json.beginObject();
    if (user != null) {
      json.name("username").value(user.name());
      member(json, "uid", user.uid());
      strings(json, "groups", user.groups());
      if (!user.extra().isEmpty()) {
        json.name("extra").beginObject();
        new TreeMap<>(user.extra()).forEach((key, values) -> strings(json, key, values));
        json.endObject();
      }
    }
    json.endObject();
  }

  private static void objectRef(JsonWriter json, RequestInfo info, Identity identity) {
    json.name("objectRef").beginObject();
    member(json, "resource", info.resource());
    member(json, "namespace", or(info.namespace(), identity.namespace));
    member(json, "name", or(info.name(), identity.name));
    member(json, "uid", identity.uid);
    member(json, "apiGroup", info.group());
    member(json, "apiVersion", info.version());
    member(json, "resourceVersion", identity.resourceVersion);
    member(json, "subresource", info.subresource());
    json.endObject();
  }

  private static String or(String first, String second) {
    return first.isEmpty() ? second : first;
  }

  private static void status(JsonWriter json, Answer answer) {
    json.name("responseStatus").beginObject().name("metadata").beginObject().endObject();
    if (answer.status != null) {
      for (String member : List.of("status", "message", "reason", "details")) {
        JsonNode value = answer.status.get(member);
        if (value != null && !value.isNull()) {
          json.name(member).json(RecordedObject.bytes(value));
        }
      }
    } else if (!answer.message.isEmpty()) {
      json.name("status").value("Failure").name("message").value(answer.message);
    }
    if (answer.code != 0) {
      json.name("code").value(answer.code);
    }
    json.endObject();
  }

  private static void object(JsonWriter json, String name, @Nullable JsonNode object) {
    if (object != null) {
      json.name(name).json(RecordedObject.bytes(object));
    }
  }

  private static void time(JsonWriter json, String name, Instant time) {
    json.name(name).microTime(time.getEpochSecond(), time.getNano() / 1000);
  }

  private static void member(JsonWriter json, String name, String value) {
    if (!value.isEmpty()) {
      json.name(name).value(value);
    }
  }

  private static void strings(JsonWriter json, String name, List<String> values) {
    if (!values.isEmpty()) {
      json.name(name).beginArray();
      values.forEach(json::value);
      json.endArray();
    }
  }
}
