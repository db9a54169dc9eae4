package io.multicluster.server.review;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.authn.Attributes;
import io.multicluster.authn.Decision;
import io.multicluster.authn.rbac.ControlPlaneAuthorizer;
import io.multicluster.authn.rbac.PolicyRule;
import io.multicluster.server.route.Route;
import io.multicluster.server.route.RoutedRequest;
import io.multicluster.server.route.WholeBody;
import io.multicluster.wire.negotiate.Format;
import io.multicluster.wire.negotiate.Negotiated;
import io.multicluster.wire.negotiate.Negotiator;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.user.UserInfo;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * In front of the route to the control plane: answers the three reviews by which users ask about
 * themselves, as long as they are in JSON. The control plane answers the others, and everything
 * else.
 */
public final class SelfReviews implements Route {
  private static final GroupResource ACCESS =
      new GroupResource("authorization.k8s.io", "selfsubjectaccessreviews");
  private static final GroupResource RULES =
      new GroupResource("authorization.k8s.io", "selfsubjectrulesreviews");
  private static final GroupResource SELF =
      new GroupResource("authentication.k8s.io", "selfsubjectreviews");
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final ControlPlaneAuthorizer authorizer;
  private final Route controlPlane;

  /**
   * @param authorizer judges all requests
   */
  public SelfReviews(ControlPlaneAuthorizer authorizer, Route controlPlane) {
    this.authorizer = authorizer;
    this.controlPlane = controlPlane;
  }

  @Override
  public boolean neverBlocks(RequestInfo info) {
    return !isReview(info) && controlPlane.neverBlocks(info);
  }

  @Override
  public void answer(RoutedRequest request) {
    RequestInfo info = request.info();
    if (!isReview(info) || !plain(request)) {
      controlPlane.answer(request);
      return;
    }
    if (info.groupResource().equals(SELF)) {
      ObjectNode review = review(request);
      review
          .putObject("metadata")
          .put("creationTimestamp", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
      review.set("status", userInfo(request.user()));
      send(request, review);
    } else if (info.groupResource().equals(ACCESS)) {
      ObjectNode review = review(request);
      review.set("status", verdict(question(request.user(), review.path("spec"))));
      send(request, review);
    } else if (authorizer.rulesNow(request.user(), "") == null) {
      controlPlane.answer(request);
    } else {
      ObjectNode review = review(request);
      review.set("status", rules(request.user(), review.path("spec").path("namespace").asText()));
      send(request, review);
    }
  }

  private static boolean isReview(RequestInfo info) {
    GroupResource resource = info.groupResource();
    return info.verb().equals("create")
        && info.version().equals("v1")
        && info.subresource().isEmpty()
        && (resource.equals(ACCESS) || resource.equals(RULES) || resource.equals(SELF));
  }

  /** As kubectl and client libraries send them, unless they are told to speak protobuf. */
  private static boolean plain(RoutedRequest request) {
    if (!request.exchange().request().query().isEmpty()
        || Negotiator.body(request.exchange().request().header("content-type")) != Format.JSON) {
      return false;
    }
    return form(request).format() == Format.JSON;
  }

  private static Negotiated form(RoutedRequest request) {
    return Negotiator.object(request.exchange().request(), request.query(), true);
  }

  private static ObjectNode review(RoutedRequest request) {
    byte[] body = WholeBody.of(request.exchange().requestBody());
    try {
      if (JSON.readTree(body) instanceof ObjectNode review) {
        requireKind(review, request.info());
        return review;
      }
    } catch (IOException e) {
      throw ApiException.badRequest("the object provided is unrecognized: it is not JSON");
    }
    throw ApiException.badRequest("the object provided is unrecognized: it is no object");
  }

  /** Absent ones are filled in, as kube-apiserver does. */
  private static void requireKind(ObjectNode review, RequestInfo info) {
    String kind =
        switch (info.resource()) {
          case "selfsubjectaccessreviews" -> "SelfSubjectAccessReview";
          case "selfsubjectrulesreviews" -> "SelfSubjectRulesReview";
          default -> "SelfSubjectReview";
        };
    String version = info.group() + "/v1";
    if (!review.path("kind").asText(kind).equals(kind)
        || !review.path("apiVersion").asText(version).equals(version)) {
      throw ApiException.badRequest(
          "the object provided is not a " + kind + " of version " + version);
    }
    review.put("kind", kind).put("apiVersion", version);
    if (!review.path("metadata").isObject()) {
      review.putObject("metadata");
    }
  }

  private static Attributes question(UserInfo user, JsonNode spec) {
    JsonNode resource = spec.path("resourceAttributes");
    JsonNode path = spec.path("nonResourceAttributes");
    if (resource.isObject() == path.isObject()) {
      throw ApiException.invalid(
          ACCESS.group(),
          "SelfSubjectAccessReview",
          "",
          List.of(
              new Status.Cause(
                  "FieldValueInvalid",
                  "exactly one of nonResourceAttributes or resourceAttributes must be specified",
                  "spec.resourceAttributes")));
    }
    if (path.isObject()) {
      return Attributes.ofPath(user, path.path("verb").asText(), path.path("path").asText());
    }
    return new Attributes(
        user,
        true,
        resource.path("verb").asText(),
        resource.path("namespace").asText(),
        resource.path("group").asText(),
        resource.path("version").asText(),
        resource.path("resource").asText(),
        resource.path("subresource").asText(),
        resource.path("name").asText(),
        "",
        resource.at("/fieldSelector/rawSelector").asText(),
        resource.at("/labelSelector/rawSelector").asText());
  }

  private ObjectNode verdict(Attributes question) {
    Decision decision = authorizer.authorize(question);
    ObjectNode status = JSON.createObjectNode().put("allowed", decision.allowed());
    if (decision.verdict() == Decision.Verdict.DENY) {
      status.put("denied", true);
    }
    if (!decision.reason().isEmpty()) {
      status.put("reason", decision.reason());
    }
    return status;
  }

  private ObjectNode rules(UserInfo user, String namespace) {
    if (namespace.isEmpty()) {
      throw ApiException.badRequest("no namespace on request");
    }
    ObjectNode status = JSON.createObjectNode();
    ArrayNode resources = status.putArray("resourceRules");
    ArrayNode paths = status.putArray("nonResourceRules");
    @Nullable List<PolicyRule> known = authorizer.rulesNow(user, namespace);
    for (PolicyRule rule : known == null ? List.<PolicyRule>of() : known) {
      if (!rule.resources().isEmpty()) {
        ObjectNode each = resources.addObject();
        each.set("verbs", array(rule.verbs()));
        each.set("apiGroups", array(rule.apiGroups()));
        each.set("resources", array(rule.resources()));
        if (!rule.resourceNames().isEmpty()) {
          each.set("resourceNames", array(rule.resourceNames()));
        }
      }
      if (!rule.nonResourceUrls().isEmpty()) {
        ObjectNode each = paths.addObject();
        each.set("verbs", array(rule.verbs()));
        each.set("nonResourceURLs", array(rule.nonResourceUrls()));
      }
    }
    return status.put("incomplete", known == null);
  }

  private static ObjectNode userInfo(UserInfo user) {
    ObjectNode status = JSON.createObjectNode();
    ObjectNode info = status.putObject("userInfo").put("username", user.name());
    if (!user.uid().isEmpty()) {
      info.put("uid", user.uid());
    }
    info.set("groups", array(user.groups()));
    if (!user.extra().isEmpty()) {
      ObjectNode extra = info.putObject("extra");
      user.extra().forEach((key, values) -> extra.set(key, array(values)));
    }
    return status;
  }

  private static ArrayNode array(Collection<String> values) {
    ArrayNode array = JSON.createArrayNode();
    values.forEach(array::add);
    return array;
  }

  private static void send(RoutedRequest request, ObjectNode review) {
    byte[] body;
    try {
      body =
          form(request).pretty()
              ? JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(review)
              : JSON.writeValueAsBytes(review);
    } catch (JsonProcessingException e) {
      throw ApiException.internal("a review can't be written", e);
    }
    request
        .exchange()
        .response()
        .head(
            201,
            new DefaultHttp2Headers()
                .set("content-type", "application/json")
                .setInt("content-length", body.length));
    request.exchange().response().write(Unpooled.wrappedBuffer(body));
    request.exchange().response().end(null);
  }
}
