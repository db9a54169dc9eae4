package io.multicluster.authn.review;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Ticker;
import io.multicluster.authn.AnswerCache;
import io.multicluster.authn.Attributes;
import io.multicluster.authn.Authorizer;
import io.multicluster.authn.Decision;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the control plane decide, by whatever authorizers it has, with a SubjectAccessReview.
 *
 * <p>It never denies what it can't ask: such a request ends with 503, as the client may repeat it.
 */
public final class SubjectAccessReviewAuthorizer implements Authorizer {
  private static final Logger LOG = LoggerFactory.getLogger(SubjectAccessReviewAuthorizer.class);
  private static final String GROUP = "authorization.k8s.io";
  private static final String PATH = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
  private static final int RETRY_AFTER_SECONDS = 1;

  private final ReviewClient client;
  private final AnswerCache<Attributes, Decision> cache;

  /**
   * How long and how many answers are kept.
   *
   * @param allowedFor time for which a permission that was taken away may still be used
   * @param refusedFor time for which a permission that was given may not be seen
   */
  public record Limits(int maximumEntries, Duration allowedFor, Duration refusedFor) {
    /** The times of kube-apiserver's own delegating servers. */
    public static final Limits DEFAULT =
        new Limits(10_000, Duration.ofSeconds(10), Duration.ofSeconds(10));
  }

  public SubjectAccessReviewAuthorizer(ReviewClient client, Limits limits, Ticker ticker) {
    this.client = client;
    this.cache =
        new AnswerCache<>(
            limits.maximumEntries,
            decision -> decision.allowed() ? limits.allowedFor : limits.refusedFor,
            ticker);
  }

  @Override
  public Decision authorize(Attributes attributes) {
    try {
      return cache.get(attributes, () -> ask(attributes));
    } catch (IOException e) {
      LOG.atWarn()
          .addKeyValue("user", attributes.user().name())
          .addKeyValue("verb", attributes.verb())
          .setCause(e)
          .log("The control plane can't be asked for a permission");
      throw ApiException.unavailable(
          "the control plane could not be asked whether this is allowed", RETRY_AFTER_SECONDS);
    }
  }

  @Override
  public @Nullable Decision decideNow(Attributes attributes) {
    return cache.getIfPresent(attributes);
  }

  private Decision ask(Attributes attributes) throws IOException {
    JsonNode status = Reviews.ask(client, PATH, GROUP, "SubjectAccessReview", spec(attributes));
    String reason = status.path("reason").asText();
    if (status.path("allowed").asBoolean()) {
      return Decision.allow(reason);
    }
    return status.path("denied").asBoolean() ? Decision.deny(reason) : Decision.noOpinion(reason);
  }

  private static ObjectNode spec(Attributes attributes) {
    ObjectNode spec = Reviews.object();
    UserInfo user = attributes.user();
    spec.put("user", user.name());
    Reviews.putUnlessEmpty(spec, "uid", user.uid());
    spec.set("groups", Reviews.array(user.groups()));
    if (!user.extra().isEmpty()) {
      ObjectNode extra = spec.putObject("extra");
      user.extra().forEach((key, values) -> extra.set(key, Reviews.array(values)));
    }
    if (attributes.resourceRequest()) {
      describe(spec.putObject("resourceAttributes"), attributes);
    } else {
      spec.putObject("nonResourceAttributes")
          .put("path", attributes.path())
          .put("verb", attributes.verb());
    }
    return spec;
  }

  private static void describe(ObjectNode resource, Attributes attributes) {
    resource.put("verb", attributes.verb());
    Reviews.putUnlessEmpty(resource, "group", attributes.group());
    Reviews.putUnlessEmpty(resource, "version", attributes.version());
    Reviews.putUnlessEmpty(resource, "resource", attributes.resource());
    Reviews.putUnlessEmpty(resource, "subresource", attributes.subresource());
    Reviews.putUnlessEmpty(resource, "namespace", attributes.namespace());
    Reviews.putUnlessEmpty(resource, "name", attributes.name());
    // kube-apiserver parses the raw form by the same rules as the query parameter
    if (!attributes.fieldSelector().isEmpty()) {
      resource.putObject("fieldSelector").put("rawSelector", attributes.fieldSelector());
    }
    if (!attributes.labelSelector().isEmpty()) {
      resource.putObject("labelSelector").put("rawSelector", attributes.labelSelector());
    }
  }
}
