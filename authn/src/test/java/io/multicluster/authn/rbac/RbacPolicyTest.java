package io.multicluster.authn.rbac;

import static io.multicluster.authn.Requests.user;
import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.authn.Attributes;
import io.multicluster.authn.Decision;
import io.multicluster.authn.rbac.Binding.Subject;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.user.UserInfo;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RbacPolicyTest {
  private static final UserInfo JANE = user("jane", "dev", UserInfo.AUTHENTICATED);
  private static final Subject TO_JANE = new Subject("User", "", "jane");

  private final RbacPolicy policy = new RbacPolicy();

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          # verbs   groups  resources      names  | verb     group  resource     sub     name   allowed
          get list, '',     pods,          '',      get,     '',    pods,        '',     web-0, true
          get list, '',     pods,          '',      watch,   '',    pods,        '',     '',    false
          *,        '',     pods,          '',      watch,   '',    pods,        '',     '',    true
          get,      apps,   pods,          '',      get,     '',    pods,        '',     web-0, false
          get,      *,      pods,          '',      get,     x,     pods,        '',     web-0, true
          get,      '',     pods,          '',      get,     '',    pods,        log,    web-0, false
          get,      '',     pods/log,      '',      get,     '',    pods,        log,    web-0, true
          get,      '',     pods/log,      '',      get,     '',    pods,        '',     web-0, false
          get,      '',     pods/*,        '',      get,     '',    pods,        log,    web-0, false
          get,      '',     *,             '',      get,     '',    pods,        log,    web-0, true
          update,   apps,   */scale,       '',      update,  apps,  deployments, scale,  web,   true
          update,   apps,   */scale,       '',      update,  apps,  deployments, status, web,   false
          update,   apps,   */scale,       '',      update,  apps,  deployments, '',     web,   false
          get,      '',     pods,          web-0,   get,     '',    pods,        '',     web-0, true
          get,      '',     pods,          web-0,   get,     '',    pods,        '',     web-1, false
          create,   '',     pods,          web-0,   create,  '',    pods,        '',     '',    false
          list,     '',     pods,          web-0,   list,    '',    pods,        '',     web-0, true
          *,        *,      *,             '',      anyverb, g,     r,           s,      n,     true
          """)
  void rulesAboutResourcesMeanWhatKubernetesSays(
      String verbs,
      String groups,
      String resources,
      String names,
      String verb,
      String group,
      String resource,
      String subresource,
      String name,
      boolean allowed) {
    policy.putRole(
        new RoleName("", "r"),
        List.of(
            new PolicyRule(
                words(verbs), List.of(groups), words(resources), words(names), List.of())));
    policy.putBinding(cluster("b", "r", TO_JANE));

    assertThat(
            policy
                .decide(
                    Attributes.ofResource(
                        JANE,
                        verb,
                        new GroupResource(group, resource),
                        "v1",
                        subresource,
                        "shop",
                        name))
                .allowed())
        .isEqualTo(allowed);
  }

  @ParameterizedTest
  @CsvSource({
    "get, /healthz, get, /healthz, true",
    "get, /healthz, get, /healthz/x, false",
    "get, /healthz/*, get, /healthz/x/y, true",
    "get, /healthz/*, get, /healthz, false",
    "get, /heal***, get, /healthz, true",
    "get, *, get, /anything, true",
    "*, /x, post, /x, true",
    "get, /x, post, /x, false"
  })
  void rulesAboutPathsMeanWhatKubernetesSays(
      String verbs, String url, String verb, String path, boolean allowed) {
    policy.putRole(new RoleName("", "r"), List.of(paths(verbs, url)));
    policy.putBinding(cluster("b", "r", TO_JANE));

    assertThat(policy.decide(Attributes.ofPath(JANE, verb, path)).allowed()).isEqualTo(allowed);
  }

  @Test
  void bindingsHoldInTheirNamespaceOnly() {
    policy.putRole(new RoleName("", "reader"), List.of(pods("get")));
    policy.putBinding(new Binding("shop", "b", new RoleName("", "reader"), List.of(TO_JANE)));

    assertThat(policy.decide(getPod(JANE, "shop")))
        .isEqualTo(
            Decision.allow(
                "RBAC: allowed by RoleBinding \"b/shop\" of ClusterRole \"reader\" to User"
                    + " \"jane\""));
    assertThat(policy.decide(getPod(JANE, "blog")).allowed()).isFalse();
    assertThat(policy.decide(getPod(JANE, "")).allowed()).isFalse();
  }

  @Test
  void pathsAreNothingForRoleBindings() {
    policy.putRole(new RoleName("", "r"), List.of(paths("get", "*")));
    policy.putBinding(new Binding("shop", "b", new RoleName("", "r"), List.of(TO_JANE)));

    assertThat(policy.decide(Attributes.ofPath(JANE, "get", "/metrics")).allowed()).isFalse();
  }

  @Test
  void groupsAndServiceAccountsAreSubjects() {
    policy.putRole(new RoleName("", "r"), List.of(pods("get")));
    policy.putBinding(cluster("g", "r", new Subject("Group", "", "dev")));
    policy.putBinding(cluster("s", "r", new Subject("ServiceAccount", "ops", "robot")));
    policy.putBinding(cluster("none", "r", new Subject("ServiceAccount", "", "lost")));
    policy.putBinding(
        new Binding(
            "shop",
            "local",
            new RoleName("", "r"),
            List.of(new Subject("ServiceAccount", "", "web"))));

    assertThat(policy.decide(getPod(JANE, "shop")).reason()).endsWith("to Group \"dev\"");
    assertThat(policy.decide(getPod(user("system:serviceaccount:ops:robot"), "x")).reason())
        .endsWith("ClusterRoleBinding \"s\" of ClusterRole \"r\" to ServiceAccount \"robot/ops\"");
    assertThat(policy.decide(getPod(user("system:serviceaccount:shop:web"), "shop")).reason())
        .endsWith("RoleBinding \"local/shop\" of ClusterRole \"r\" to ServiceAccount \"web/shop\"");
    assertThat(policy.decide(getPod(user("system:serviceaccount::lost"), "shop")).allowed())
        .isFalse();
    assertThat(policy.decide(getPod(user("dev"), "shop")).allowed())
        .as("a user named like a group")
        .isFalse();
  }

  @Test
  void mastersPassBeforeAnyRule() {
    assertThat(policy.decide(getPod(user("x", "system:masters"), "")))
        .isEqualTo(Decision.allow(""));
  }

  @Test
  void aMissingRoleIsToldButDoesNotHinder() {
    policy.putBinding(cluster("b", "gone", TO_JANE));
    assertThat(policy.decide(getPod(JANE, "shop")))
        .isEqualTo(
            Decision.noOpinion("RBAC: clusterrole.rbac.authorization.k8s.io \"gone\" not found"));

    policy.putBinding(
        new Binding("shop", "c", new RoleName("shop", "away"), List.of(TO_JANE, TO_JANE)));
    assertThat(policy.decide(getPod(JANE, "shop")).reason())
        .isEqualTo(
            "RBAC: [clusterrole.rbac.authorization.k8s.io \"gone\" not found,"
                + " role.rbac.authorization.k8s.io \"away\" not found]");

    policy.putRole(new RoleName("shop", "away"), List.of(pods("get")));
    assertThat(policy.decide(getPod(JANE, "shop")).allowed()).isTrue();
  }

  @Test
  void aRoleOfAnotherNamespaceOrKindIsAnother() {
    policy.putBinding(new Binding("shop", "b", new RoleName("shop", "r"), List.of(TO_JANE)));
    policy.putRole(new RoleName("blog", "r"), List.of(pods("get")));
    policy.putRole(new RoleName("", "r"), List.of(pods("get")));

    assertThat(policy.decide(getPod(JANE, "shop")).allowed()).isFalse();
  }

  @Test
  void changesAreSeen() {
    policy.putRole(new RoleName("", "r"), List.of(pods("get")));
    policy.putBinding(cluster("b", "r", TO_JANE));
    policy.putBinding(cluster("b", "r", TO_JANE));
    assertThat(policy.decide(getPod(JANE, "shop")).allowed()).isTrue();

    policy.putRole(new RoleName("", "r"), List.of(pods("list")));
    assertThat(policy.decide(getPod(JANE, "shop")).allowed()).isFalse();

    policy.putRole(new RoleName("", "r"), List.of(pods("get")));
    policy.putBinding(cluster("b", "r", new Subject("User", "", "bob")));
    assertThat(policy.decide(getPod(JANE, "shop")).allowed()).isFalse();
    assertThat(policy.decide(getPod(user("bob"), "shop")).allowed()).isTrue();

    policy.removeBinding(new Binding.Name("", "b"));
    assertThat(policy.decide(getPod(user("bob"), "shop"))).isEqualTo(Decision.NO_OPINION);

    policy.putBinding(cluster("b", "r", TO_JANE));
    policy.removeRole(new RoleName("", "r"));
    assertThat(policy.decide(getPod(JANE, "shop")).reason()).contains("not found");
  }

  @Test
  void theRulesOfAUserAreThoseOfItsBindings() {
    policy.putRole(new RoleName("", "a"), List.of(pods("get"), paths("get", "/x")));
    policy.putRole(new RoleName("shop", "b"), List.of(pods("delete")));
    policy.putBinding(cluster("a", "a", new Subject("Group", "", "dev")));
    policy.putBinding(cluster("again", "a", TO_JANE));
    policy.putBinding(new Binding("shop", "b", new RoleName("shop", "b"), List.of(TO_JANE)));

    assertThat(policy.rules(JANE, "shop"))
        .containsExactly(pods("get"), paths("get", "/x"), pods("delete"));
    assertThat(policy.rules(JANE, "")).containsExactly(pods("get"), paths("get", "/x"));
    assertThat(policy.rules(user("bob"), "shop")).isEmpty();
  }

  private static Binding cluster(String name, String role, Subject... subjects) {
    return new Binding("", name, new RoleName("", role), List.of(subjects));
  }

  private static PolicyRule pods(String verb) {
    return new PolicyRule(List.of(verb), List.of(""), List.of("pods"), List.of(), List.of());
  }

  private static PolicyRule paths(String verb, String url) {
    return new PolicyRule(List.of(verb), List.of(), List.of(), List.of(), List.of(url));
  }

  private static Attributes getPod(UserInfo user, String namespace) {
    return Attributes.ofResource(user, "get", GroupResource.PODS, "v1", "", namespace, "web-0");
  }

  private static List<String> words(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split(" "));
  }
}
