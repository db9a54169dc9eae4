package io.multicluster.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.user.UserInfo;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class AuditPolicyTest {
  private static final UserInfo JANE =
      new UserInfo("jane", "", List.of("dev", UserInfo.AUTHENTICATED), Map.of());

  @Test
  void letsTheFirstMatchingRuleDecideAndRecordsNothingWithoutOne() {
    AuditPolicy policy =
        policy(
            """
            - {level: None, users: [jane], verbs: [get]}
            - {level: Request, verbs: [get, delete]}
            """);

    assertThat(level(policy, "GET", "/api/v1/pods")).isEqualTo(Level.NONE);
    assertThat(level(policy, "GET", "/api/v1/namespaces/a/pods/p")).isEqualTo(Level.NONE);
    assertThat(level(policy, "DELETE", "/api/v1/namespaces/a/pods/p")).isEqualTo(Level.REQUEST);
    assertThat(level(policy, "POST", "/api/v1/namespaces/a/pods")).isEqualTo(Level.NONE);
    assertThat(policy.evaluate(null, info("GET", "/api/v1/nodes/n")).level())
        .as("nobody is not jane")
        .isEqualTo(Level.REQUEST);
  }

  @Test
  void tellsResourcesFromTheirSubresources() {
    AuditPolicy policy =
        policy(
            """
            - {level: Metadata, resources: [{group: "", resources: [pods]}]}
            - {level: Request, resources: [{group: "", resources: [pods/log, "services/*"]}]}
            - {level: RequestResponse, resources: [{group: apps, resources: ["*/scale"]}]}
            - {level: Metadata, resources: [{group: batch}]}
            - level: Metadata
              resources: [{group: "", resources: [configmaps], resourceNames: [one]}]
            """);

    assertThat(level(policy, "GET", "/api/v1/namespaces/a/pods/p")).isEqualTo(Level.METADATA);
    assertThat(level(policy, "GET", "/api/v1/namespaces/a/pods/p/log")).isEqualTo(Level.REQUEST);
    assertThat(level(policy, "POST", "/api/v1/namespaces/a/pods/p/exec")).isEqualTo(Level.NONE);
    assertThat(level(policy, "GET", "/api/v1/namespaces/a/services/s/proxy"))
        .isEqualTo(Level.REQUEST);
    assertThat(level(policy, "PUT", "/apis/apps/v1/namespaces/a/deployments/d/scale"))
        .isEqualTo(Level.REQUEST_RESPONSE);
    assertThat(level(policy, "PUT", "/apis/apps/v1/namespaces/a/deployments/d"))
        .isEqualTo(Level.NONE);
    assertThat(level(policy, "GET", "/apis/batch/v1/jobs")).isEqualTo(Level.METADATA);
    assertThat(level(policy, "GET", "/api/v1/namespaces/a/configmaps/one"))
        .isEqualTo(Level.METADATA);
    assertThat(level(policy, "GET", "/api/v1/namespaces/a/configmaps/two")).isEqualTo(Level.NONE);
  }

  @Test
  void keepsNamespacesAndPathsApart() {
    AuditPolicy policy =
        policy(
            """
            - {level: Metadata, namespaces: [""]}
            - {level: Request, nonResourceURLs: ["/healthz*", /version]}
            - {level: RequestResponse, userGroups: [dev], namespaces: [shop]}
            """);

    assertThat(level(policy, "GET", "/api/v1/nodes")).isEqualTo(Level.METADATA);
    assertThat(level(policy, "GET", "/healthz/etcd")).isEqualTo(Level.REQUEST);
    assertThat(level(policy, "GET", "/version")).isEqualTo(Level.REQUEST);
    assertThat(level(policy, "GET", "/version/x")).isEqualTo(Level.NONE);
    assertThat(level(policy, "GET", "/api/v1/namespaces/shop/pods"))
        .isEqualTo(Level.REQUEST_RESPONSE);
    assertThat(policy.evaluate(UserInfo.ANONYMOUS, info("GET", "/api/v1/namespaces/shop/pods")))
        .isEqualTo(AuditPolicy.Verdict.NOTHING);
  }

  @Test
  void addsUpOmittedStagesAndLetsARuleOverrideManagedFields() {
    AuditPolicy policy =
        AuditPolicy.parse(
            """
            apiVersion: audit.k8s.io/v1
            kind: Policy
            metadata: {creationTimestamp: null}
            omitStages: [RequestReceived]
            omitManagedFields: true
            rules:
            - {level: Metadata, verbs: [get], omitStages: [ResponseStarted]}
            - {level: Metadata, omitManagedFields: false}
            """,
            "p");

    AuditPolicy.Verdict first = policy.evaluate(JANE, info("GET", "/api/v1/nodes/n"));
    assertThat(first.omitStages())
        .isEqualTo(Set.of(Stage.REQUEST_RECEIVED, Stage.RESPONSE_STARTED));
    assertThat(first.omitManagedFields()).isTrue();
    AuditPolicy.Verdict second = policy.evaluate(JANE, info("POST", "/api/v1/nodes"));
    assertThat(second.omitStages()).isEqualTo(Set.of(Stage.REQUEST_RECEIVED));
    assertThat(second.omitManagedFields()).isFalse();
    assertThat(second.rule()).isEqualTo(1);
  }

  @Test
  void recordsChangesAndSecretsButNoOtherReadsByDefault() {
    AuditPolicy policy = AuditPolicy.DEFAULT;

    assertThat(level(policy, "DELETE", "/api/v1/namespaces/a/pods")).isEqualTo(Level.METADATA);
    assertThat(level(policy, "GET", "/api/v1/secrets")).isEqualTo(Level.METADATA);
    assertThat(level(policy, "GET", "/api/v1/namespaces/a/pods/p/exec")).isEqualTo(Level.METADATA);
    assertThat(level(policy, "GET", "/api/v1/pods")).isEqualTo(Level.NONE);
    assertThat(level(policy, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"))
        .isEqualTo(Level.NONE);
  }

  @Test
  void refusesWhatItDoesNotUnderstandAndSaysWhere() {
    assertThatThrownBy(() -> policy("- {level: Metadata, verb: [get]}"))
        .hasMessageStartingWith("test:4:")
        .hasMessageContaining("verb");
    assertThatThrownBy(() -> policy("- {level: Everything}")).hasMessageContaining("Everything");
    assertThatThrownBy(() -> policy("- {verbs: [get]}")).hasMessageContaining("needs a level");
    assertThatThrownBy(() -> policy("[]")).hasMessageContaining("at least one rule");
    assertThatThrownBy(() -> policy("- {level: None, nonResourceURLs: [/a], namespaces: [b]}"))
        .hasMessageContaining("not both");
    assertThatThrownBy(() -> policy("- {level: None, nonResourceURLs: [\"/a*b\"]}"))
        .hasMessageContaining("only at its end");
    assertThatThrownBy(
            () -> policy("- {level: None, resources: [{group: \"\", resourceNames: [x]}]}"))
        .hasMessageContaining("resourceNames");
    assertThatThrownBy(
            () -> AuditPolicy.parse("apiVersion: audit.k8s.io/v1beta1\nkind: Policy\n", "test"))
        .hasMessageContaining("apiVersion must be audit.k8s.io/v1");
  }

  private static AuditPolicy policy(String rules) {
    return AuditPolicy.parse(
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n" + rules.indent(1), "test");
  }

  private static Level level(AuditPolicy policy, String method, String path) {
    return policy.evaluate(JANE, info(method, path)).level();
  }

  private static RequestInfo info(String method, String path) {
    return RequestInfoParser.parse(method, path, Query.EMPTY);
  }
}
