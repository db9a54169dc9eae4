package io.multicluster.authn.review;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.authn.Attributes;
import io.multicluster.authn.Decision;
import io.multicluster.authn.review.SubjectAccessReviewAuthorizer.Limits;
import io.multicluster.authn.token.TokenRefusedException;
import io.multicluster.authn.token.TokenUser;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ReviewsTest {
  private static final UserInfo JANE =
      new UserInfo("jane", "7", List.of("dev"), Map.of("scopes", List.of("a", "b")));
  private static final Attributes LIST_PODS =
      new Attributes(
          JANE, true, "list", "shop", "", "v1", "pods", "", "", "/api", "spec.nodeName=n", "a=b");

  private final List<String> reviews = new ArrayList<>();
  private final AtomicLong nanos = new AtomicLong();
  private String answer = "{}";
  private boolean reachable = true;

  private final SubjectAccessReviewAuthorizer authorizer =
      new SubjectAccessReviewAuthorizer(
          this::create, new Limits(100, Duration.ofSeconds(60), Duration.ofSeconds(5)), nanos::get);

  @Test
  void aResourceIsAskedForWithAllThatIsKnown() throws IOException {
    answer = "{\"status\":{\"allowed\":true,\"reason\":\"because\"}}";

    assertThat(authorizer.authorize(LIST_PODS)).isEqualTo(Decision.allow("because"));

    assertThat(json(reviews.getFirst()))
        .isEqualTo(
            json(
                """
                /apis/authorization.k8s.io/v1/subjectaccessreviews
                {"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{
                  "user":"jane","uid":"7","groups":["dev"],"extra":{"scopes":["a","b"]},
                  "resourceAttributes":{"verb":"list","version":"v1","resource":"pods",
                    "namespace":"shop","fieldSelector":{"rawSelector":"spec.nodeName=n"},
                    "labelSelector":{"rawSelector":"a=b"}}}}
                """));
  }

  @Test
  void aPathIsAskedForAsSuch() throws IOException {
    answer = "{\"status\":{\"allowed\":false,\"denied\":true,\"reason\":\"no\"}}";

    assertThat(authorizer.authorize(Attributes.ofPath(JANE, "get", "/metrics")))
        .isEqualTo(Decision.deny("no"));
    assertThat(json(reviews.getFirst()).at("/spec/nonResourceAttributes"))
        .isEqualTo(new ObjectMapper().readTree("{\"path\":\"/metrics\",\"verb\":\"get\"}"));
  }

  @Test
  void permissionsAreKeptForTheirTimeAndRefusalsForTheirs() {
    answer = "{\"status\":{\"allowed\":true}}";
    assertThat(authorizer.decideNow(LIST_PODS)).isNull();
    authorizer.authorize(LIST_PODS);
    nanos.addAndGet(Duration.ofSeconds(59).toNanos());
    assertThat(authorizer.decideNow(LIST_PODS)).isEqualTo(Decision.allow(""));

    nanos.addAndGet(Duration.ofSeconds(2).toNanos());
    answer = "{\"status\":{\"allowed\":false}}";
    assertThat(authorizer.authorize(LIST_PODS)).isEqualTo(Decision.NO_OPINION);
    nanos.addAndGet(Duration.ofSeconds(6).toNanos());
    assertThat(authorizer.decideNow(LIST_PODS)).isNull();
    assertThat(reviews).hasSize(2);
  }

  @Test
  void whatCantBeAskedIsNeitherAllowedNorForbidden() {
    reachable = false;

    assertThatThrownBy(() -> authorizer.authorize(LIST_PODS))
        .isInstanceOfSatisfying(
            ApiException.class,
            e -> {
              assertThat(e.status().code()).isEqualTo(503);
              assertThat(e.status().retryAfterSeconds()).isEqualTo(1);
            });
    assertThat(authorizer.decideNow(LIST_PODS)).as("failures are not kept").isNull();
  }

  @Test
  void answersWithoutStatusAllowNothing() {
    answer = "{\"kind\":\"SubjectAccessReview\"}";

    assertThatThrownBy(() -> authorizer.authorize(LIST_PODS)).isInstanceOf(ApiException.class);
  }

  @Test
  void theOwnerOfATokenIsReadWhole() throws Exception {
    answer =
        """
        {"status":{"authenticated":true,"user":{"username":"system:serviceaccount:shop:web",
          "uid":"9","groups":["system:serviceaccounts"],"extra":{"pod":["web-0"]}}}}
        """;

    assertThat(new TokenReviewer(this::create, List.of()).authenticate("secret"))
        .isEqualTo(
            new TokenUser(
                new UserInfo(
                    "system:serviceaccount:shop:web",
                    "9",
                    List.of("system:serviceaccounts"),
                    Map.of("pod", List.of("web-0"))),
                Instant.MAX));
    assertThat(json(reviews.getFirst()).at("/spec"))
        .isEqualTo(new ObjectMapper().readTree("{\"token\":\"secret\"}"));
  }

  @Test
  void tokensThatTheControlPlaneDoesNotTakeAreRefusedWithItsReason() throws Exception {
    TokenReviewer reviewer = new TokenReviewer(this::create, List.of());
    answer = "{\"status\":{}}";
    assertThat(reviewer.authenticate("secret")).isNull();

    answer = "{\"status\":{\"error\":\"[invalid bearer token]\"}}";
    assertThatThrownBy(() -> reviewer.authenticate("secret"))
        .isInstanceOf(TokenRefusedException.class)
        .hasMessage("the control plane says: [invalid bearer token]");
  }

  @Test
  void tokensForOtherAudiencesAreRefused() throws Exception {
    TokenReviewer reviewer = new TokenReviewer(this::create, List.of("gateway"));
    answer =
        """
        {"status":{"authenticated":true,"user":{"username":"a"},"audiences":["gateway","x"]}}
        """;
    assertThat(reviewer.authenticate("secret")).isNotNull();

    answer =
        """
        {"status":{"authenticated":true,"user":{"username":"a"},"audiences":["x"]}}
        """;
    assertThatThrownBy(() -> reviewer.authenticate("secret"))
        .isInstanceOf(TokenRefusedException.class);
  }

  private byte[] create(String path, byte[] review) throws IOException {
    if (!reachable) {
      throw new IOException("connection refused");
    }
    reviews.add(path + "\n" + new String(review, StandardCharsets.UTF_8));
    return answer.getBytes(StandardCharsets.UTF_8);
  }

  /** A tree of the path and the body after it. */
  private static JsonNode json(String review) throws IOException {
    String[] parts = review.split("\n", 2);
    JsonNode tree = new ObjectMapper().readTree(parts[1]);
    ((com.fasterxml.jackson.databind.node.ObjectNode) tree).put("path", parts[0]);
    return tree;
  }
}
