package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.time.Duration;
import java.time.Instant;

/** Questions about identities and permissions: reviews, which are answered and never stored. */
final class Reviews {
  private final Authentication authentication;
  private final Rbac rbac;

  Reviews(Authentication authentication, Rbac rbac) {
    this.authentication = authentication;
    this.rbac = rbac;
  }

  /** The review with its status filled in; null if the type is no review. */
  ObjectNode answer(ResourceType type, String namespace, ObjectNode review, UserInfo user) {
    ObjectNode answer = review.deepCopy();
    answer.put("kind", type.kind()).put("apiVersion", type.apiVersion());
    ObjectNode spec = Json.child(answer, "spec");
    switch (type.kind()) {
      case "SelfSubjectReview" -> {
        answer.remove("spec");
        Json.child(answer, "status").set("userInfo", userInfo(user));
      }
      case "SelfSubjectAccessReview" -> decide(answer, spec, user);
      case "SubjectAccessReview" -> {
        requireSubject(type, spec);
        decide(answer, spec, Authentication.user(spec));
      }
      case "LocalSubjectAccessReview" -> {
        requireSubject(type, spec);
        if (!Json.string(spec, "resourceAttributes", "namespace").equals(namespace)) {
          throw ApiException.badRequest("spec.resourceAttributes.namespace must match namespace");
        }
        decide(answer, spec, Authentication.user(spec));
      }
      case "SelfSubjectRulesReview" -> rules(answer, Json.string(spec, "namespace"), user);
      case "TokenReview" -> token(answer, Json.string(spec, "token"));
      default -> throw ApiException.methodNotAllowed();
    }
    return Canonical.of(java.util.Objects.requireNonNull(type.message()), answer).object();
  }

  static boolean isReview(ResourceType type) {
    return type.group().equals("authorization.k8s.io")
        || type.group().equals("authentication.k8s.io");
  }

  private static void requireSubject(ResourceType type, ObjectNode spec) {
    if (Json.string(spec, "user").isEmpty() && Json.strings(spec, "groups").isEmpty()) {
      throw ApiException.invalid(
          type.group(),
          "",
          "",
          java.util.List.of(
              new io.multicluster.wire.status.Status.Cause(
                  "FieldValueInvalid",
                  "Invalid value: \"\": at least one of user or group must be specified",
                  "spec.user")));
    }
  }

  private void decide(ObjectNode answer, ObjectNode spec, UserInfo user) {
    JsonNode resource = Json.at(spec, "resourceAttributes");
    JsonNode path = Json.at(spec, "nonResourceAttributes");
    Target target =
        resource != null
            ? new Target(
                Json.string(resource, "verb"),
                "",
                Json.string(resource, "group"),
                Json.string(resource, "version"),
                Json.string(resource, "namespace"),
                Json.string(resource, "resource"),
                Json.string(resource, "subresource"),
                Json.string(resource, "name"))
            : new Target(
                path == null ? "" : Json.string(path, "verb"),
                path == null ? "" : Json.string(path, "path"),
                "",
                "",
                "",
                "",
                "",
                "");
    Rbac.Decision decision = rbac.authorize(user, target);
    ObjectNode status = Json.child(answer, "status");
    status.put("allowed", decision.allowed());
    Json.putNonEmpty(status, "reason", decision.reason());
  }

  private void rules(ObjectNode answer, String namespace, UserInfo user) {
    ObjectNode status = Json.child(answer, "status");
    ArrayNode resources = status.putArray("resourceRules");
    ArrayNode paths = status.putArray("nonResourceRules");
    for (JsonNode rule : rbac.rules(user, namespace)) {
      (Json.at(rule, "nonResourceURLs") == null ? resources : paths).add(rule);
    }
    status.put("incomplete", false);
  }

  private void token(ObjectNode answer, String token) {
    UserInfo user = authentication.byToken(token);
    ObjectNode status = Json.object();
    status.put("authenticated", user != null);
    if (user != null) {
      status.set("user", userInfo(user));
    } else {
      status.put("error", "invalid bearer token");
    }
    answer.set("status", status);
  }

  private static ObjectNode userInfo(UserInfo user) {
    ObjectNode info = Json.object();
    info.put("username", user.name());
    Json.putNonEmpty(info, "uid", user.uid());
    info.set("groups", Json.array(user.groups()));
    if (!user.extra().isEmpty()) {
      ObjectNode extra = info.putObject("extra");
      user.extra().forEach((key, values) -> extra.set(key, Json.array(values)));
    }
    return info;
  }

  /** The answer to {@code serviceaccounts/NAME/token}. */
  ObjectNode tokenRequest(Entry account, ObjectNode request) {
    ObjectNode answer = request.deepCopy();
    answer.put("kind", "TokenRequest").put("apiVersion", "authentication.k8s.io/v1");
    ObjectNode spec = Json.child(answer, "spec");
    long seconds = Json.integer(spec, "expirationSeconds");
    if (seconds == 0) {
      seconds = 3600;
      spec.put("expirationSeconds", seconds);
    }
    Instant expires = Instant.now().plus(Duration.ofSeconds(seconds));
    ObjectNode metadata = Json.child(answer, "metadata");
    metadata.put("name", account.name()).put("namespace", account.namespace());
    metadata.put("creationTimestamp", Canonical.SECONDS.format(Instant.now()));
    ObjectNode status = Json.child(answer, "status");
    status.put(
        "token",
        authentication.issueToken(account.namespace(), account.name(), account.uid(), expires));
    status.put("expirationTimestamp", Canonical.SECONDS.format(expires));
    return Canonical.of(Schema.message("io.k8s.api.authentication.v1.TokenRequest"), answer)
        .object();
  }
}
