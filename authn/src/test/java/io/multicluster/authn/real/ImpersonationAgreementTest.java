package io.multicluster.authn.real;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Ticker;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.authn.Attributes;
import io.multicluster.authn.Decision;
import io.multicluster.authn.Impersonation;
import io.multicluster.authn.Impersonation.Impersonated;
import io.multicluster.authn.Requests;
import io.multicluster.authn.rbac.ControlPlaneAuthorizer;
import io.multicluster.authn.rbac.RbacInformers;
import io.multicluster.authn.rbac.RbacPolicy;
import io.multicluster.authn.real.ApiServer.Answer;
import io.multicluster.authn.review.SubjectAccessReviewAuthorizer;
import io.multicluster.authn.review.SubjectAccessReviewAuthorizer.Limits;
import io.multicluster.authn.x509.TestCa;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.io.IOException;
import java.net.http.HttpClient;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.junit.jupiter.api.Test;

/** Who may act as whom, and in which words it is refused, is as at a kube-apiserver. */
class ImpersonationAgreementTest {
  private static final String RBAC = "/apis/rbac.authorization.k8s.io/v1";
  private static final String PODS = "/api/v1/namespaces/default/pods";

  @Test
  void impersonationIsJudgedAlike() throws Exception {
    ApiServer server = ApiServer.shared();
    TestCa ca = TestCa.root("impersonators");
    server.trust(ca);
    KeyPair key = TestCa.keys();
    permit(server);
    Awaitility.await()
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> server.get(client(server, ca, key, "jane"), PODS).code() == 403);

    Map<String, String> theirs = new LinkedHashMap<>();
    Map<String, String> ours = new LinkedHashMap<>();
    try (KubernetesClient client = server.access().client()) {
      RbacPolicy policy = new RbacPolicy();
      try (RbacInformers informers = new RbacInformers(client, policy)) {
        informers.awaitSync();
        ControlPlaneAuthorizer authorizer =
            new ControlPlaneAuthorizer(
                policy,
                informers::synced,
                new SubjectAccessReviewAuthorizer(
                    server.reviews(), Limits.DEFAULT, Ticker.systemTicker()),
                true);
        int number = 0;
        for (List<String> headers : cases()) {
          // each by somebody else: kube-apiserver begins with the mode that served a user last
          String jane = "jane-" + number++;
          String[] each = headers.toArray(String[]::new);
          theirs.put(
              headers.toString(), outcome(server.get(client(server, ca, key, jane), PODS, each)));
          ours.put(headers.toString(), outcome(authorizer, jane, each));
        }
      }
    }
    assertThat(ours).isEqualTo(theirs);
    assertThat(theirs.values()).contains("allowed");
  }

  private static HttpClient client(ApiServer server, TestCa ca, KeyPair key, String name) {
    TestCa.Spec spec =
        new TestCa.Spec()
            .name(TestCa.name(BCStyle.O, "janes", BCStyle.CN, name))
            .valid(Instant.now().minusSeconds(60), Instant.now().plusSeconds(3600));
    return server.client(List.of(ca.issue(spec, key)), key.getPrivate());
  }

  private static List<List<String>> cases() {
    return List.of(
        List.of("Impersonate-User", "bob"),
        List.of("Impersonate-User", "reader"),
        List.of("Impersonate-User", "reader", "Impersonate-Group", "dev"),
        List.of("Impersonate-User", "reader", "Impersonate-Group", "system:masters"),
        List.of("Impersonate-User", "reader", "Impersonate-Uid", "1"),
        List.of("Impersonate-User", "reader", "Impersonate-Extra-Acme.com%2fScopes", "view"),
        List.of("Impersonate-User", "reader", "Impersonate-Extra-Acme.com%2fScopes", "edit"),
        List.of("Impersonate-User", "system:serviceaccount:default:robot"),
        List.of("Impersonate-User", "system:node:n1"),
        List.of("Impersonate-User", "constrained"),
        List.of("Impersonate-User", "constrained", "Impersonate-Group", "dev"));
  }

  /** Each Jane may be {@code reader} as ever, and {@code constrained} while listing pods. */
  private static void permit(ApiServer server) throws IOException, InterruptedException {
    HttpClient administrator = server.administrator();
    String rules =
        """
        [{"verbs":["impersonate"],"apiGroups":[""],"resources":["users"],
          "resourceNames":["reader"]},
         {"verbs":["impersonate"],"apiGroups":[""],"resources":["groups"],
          "resourceNames":["dev"]},
         {"verbs":["impersonate"],"apiGroups":["authentication.k8s.io"],
          "resources":["userextras/acme.com/scopes"],"resourceNames":["view"]},
         {"verbs":["impersonate:user-info"],"apiGroups":["authentication.k8s.io"],
          "resources":["users"],"resourceNames":["constrained"]},
         {"verbs":["impersonate-on:user-info:list"],"apiGroups":[""],"resources":["pods"]}]
        """;
    created(
        server.post(
            administrator,
            RBAC + "/clusterroles",
            "{\"metadata\":{\"name\":\"impersonator\"},\"rules\":" + rules + "}"));
    created(
        server.post(
            administrator,
            RBAC + "/clusterrolebindings",
            binding("impersonator", "Group", "janes")));
    created(
        server.post(
            administrator,
            RBAC + "/clusterroles",
            """
            {"metadata":{"name":"impersonated"},
             "rules":[{"verbs":["list"],"apiGroups":[""],"resources":["pods"]}]}
            """));
    created(
        server.post(
            administrator,
            RBAC + "/clusterrolebindings",
            binding("impersonated", "User", "reader")));
    created(
        server.post(
            administrator,
            RBAC + "/clusterrolebindings",
            binding("impersonated", "User", "constrained")));
  }

  private static String binding(String role, String kind, String subject) {
    return """
    {"metadata":{"name":"%1$s-%3$s"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",
     "kind":"ClusterRole","name":"%1$s"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io",
     "kind":"%2$s","name":"%3$s"}]}
    """
        .formatted(role, kind, subject);
  }

  private static String outcome(Answer answer) {
    return answer.code() == 200
        ? "allowed"
        : answer.code() + " " + answer.body().path("message").asText();
  }

  private static String outcome(ControlPlaneAuthorizer authorizer, String name, String... headers) {
    UserInfo jane = Requests.user(name, "janes", UserInfo.AUTHENTICATED);
    Attributes list =
        Attributes.ofResource(jane, "list", GroupResource.PODS, "v1", "", "default", "");
    String[] lowerCase = headers.clone();
    for (int i = 0; i < lowerCase.length; i += 2) {
      lowerCase[i] = lowerCase[i].toLowerCase(Locale.ROOT);
    }
    try {
      Impersonated other =
          Objects.requireNonNull(
              new Impersonation(authorizer).impersonate(list, Requests.headers(lowerCase)));
      Attributes asOther =
          Attributes.ofResource(other.user(), "list", GroupResource.PODS, "v1", "", "default", "");
      Decision decision = authorizer.authorize(asOther);
      return decision.allowed()
          ? "allowed"
          : "403 " + asOther.forbidden(decision.reason()).getMessage();
    } catch (ApiException e) {
      return e.status().code() + " " + e.getMessage();
    }
  }

  private static void created(Answer answer) {
    assertThat(answer.code()).as(answer.body().toString()).isEqualTo(201);
  }
}
