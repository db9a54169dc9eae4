package io.multicluster.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.server.e2e.Kubectl.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * Commands of kubectl, each given twice: to the gateway in one namespace, and to the API server
 * that has the objects in another. What kubectl prints, and how it exits, is the same but for what
 * {@link #normal} takes out. The rows build on one another.
 */
final class KubectlTable {
  /** Where the objects of a row are. */
  enum Holder {
    CONTROL_PLANE,
    MEMBER
  }

  private final Kubectl gateway;
  private final Kubectl controlPlane;
  private final Kubectl member;
  private final Path folder;
  private final String ours;
  private final String theirs;
  private final List<DynamicTest> rows = new ArrayList<>();

  /**
   * @param minor of kubectl, such as {@code 1.36}
   * @param folder for files
   */
  KubectlTable(String minor, Path gateway, Path controlPlane, Path member, Path folder) {
    this.gateway = Kubectl.of(minor, gateway);
    this.controlPlane = this.gateway.as(controlPlane);
    this.member = this.gateway.as(member);
    this.folder = folder;
    this.ours = ours(minor);
    this.theirs = theirs(minor);
  }

  /** The namespace in which the gateway is used; as long as the other, so that columns agree. */
  static String ours(String minor) {
    return "gateway-" + minor.replace('.', '-');
  }

  static String theirs(String minor) {
    return "itself-" + minor.replace('.', '-') + "x";
  }

  List<DynamicTest> rows() throws IOException {
    inspection();
    federatedObjects();
    deployments();
    pods();
    return rows;
  }

  private void inspection() {
    federated("version -o json");
    federated("get --raw /version");
    federated("get --raw /api/v1/namespaces/NS");
    federated("get --raw /apis/apps/v1/namespaces/NS/deployments?limit=1");
    federated("get --raw /api/v1/namespaces/NS/unheardof");
    federated("explain configmap");
    federated("explain deployment.spec.template.spec.containers --recursive");
    federated("explain clone.spec");
    federated("explain deployment --api-version=apps/v1");
    member("explain pod.spec.containers.resources");
    member("explain event");
    federated("explain unheardof");
    contained("api-resources --no-headers -o wide");
    contained("api-resources --namespaced=false --no-headers");
    contained("api-versions");
    federated("auth can-i create configmaps");
    federated("auth can-i create configmaps --as nobody");
    federated("auth can-i --list --as nobody");
    federated("auth can-i get pods/log --as nobody");
    federated("cluster-info");
    federated("auth whoami --as nobody --as-group devs -o yaml");
    federated("get unheardof");
    federated("get configmap --as nobody");
  }

  private void federatedObjects() throws IOException {
    String red = file("red.yaml", configMap("red", ""));
    String blue = file("blue.yaml", configMap("blue", ""));
    String wrong = file("wrong.yaml", configMap("red", "coulour: odd"));
    federated("create configmap lit --from-literal=a=b --dry-run=client -o yaml");
    federated("create configmap lit --from-literal=a=b --dry-run=server -o yaml");
    federated("create configmap lit --from-literal=a=b");
    federated("create configmap lit --from-literal=a=b");
    federated("get configmap lit --show-managed-fields -o yaml");
    federated("create secret generic hidden --from-literal=a=b -o yaml");
    federated("apply --dry-run=server -f " + red);
    federated("apply -f " + red);
    federated("apply -f " + red);
    federated("diff -f " + blue);
    federated("apply -f " + blue);
    federated("apply --server-side -f " + red);
    federated("apply --server-side --force-conflicts -f " + red);
    federated("apply --validate=strict -f " + wrong);
    federated("apply --validate=warn --dry-run=server -f " + wrong);
    federated("apply view-last-applied configmap settings");
    federated("replace -f " + blue);
    federated("edit configmap settings", "", Map.of("KUBE_EDITOR", "sed -i s/blue/green/"));
    federated("edit configmap settings", "", Map.of("KUBE_EDITOR", "true"));
    federated("patch configmap settings -p {\"data\":{\"shape\":\"round\"}}");
    federated("patch configmap settings --type=merge -p {\"data\":{\"shape\":null}}");
    federated(
        "patch configmap settings --type=json -p [{\"op\":\"replace\",\"path\":\"/data/colour\",\"value\":\"grey\"}]");
    federated("patch configmap settings --type=json -p [{\"op\":\"remove\",\"path\":\"/data/x\"}]");
    federated("label configmap settings tier=back app=web");
    federated("label configmap settings tier=front");
    federated("label configmap settings tier=front --overwrite");
    federated("label configmap settings tier-");
    federated("annotate configmap settings note=a");
    reads("configmap", "settings", this::federated);
    federated("get configmap --no-headers");
    federated("get configmap settings -o go-template={{.data.colour}}");
    federated("get configmap,secret --show-kind");
    federated("get configmap settings --ignore-not-found");
    federated("get configmap missing");
    federated("get configmap missing --ignore-not-found");
    federated("get configmap --chunk-size=1");
    federated("get configmap --field-selector=metadata.name=lit");
    federated("get configmap --field-selector=data.a=b");
    federated("get configmap -l app,app!=db -o name");
    federated("wait --for=jsonpath={.data.colour}=grey configmap/settings --timeout=30s");
    federated("wait --for=jsonpath={.data.colour}=pink configmap/settings --timeout=1s");
    federated("__complete get configmap s");
    federated("apply -f -", configMap("pink", ""));
    federated("replace --force -f " + red);
    federated("delete configmap lit");
    federated("delete configmap lit");
    federated("wait --for=delete configmap/lit --timeout=30s");
    federated("delete -f " + blue + " --wait=true");
    federated("delete secret --all");
    file("base/kustomization.yaml", KUSTOMIZATION);
    String base = folder.resolve("base").toString();
    federated("kustomize " + base);
    federated("apply -k " + base);
    federated("diff -k " + base);
    federated("get -k " + base + " -o name");
    federated("delete -k " + base);
  }

  private void deployments() throws IOException {
    String deployment = file("deployment.yaml", DEPLOYMENT);
    federated("create deployment made --image=a/b:1 --dry-run=server -o yaml");
    federated("apply -f " + deployment);
    federated("scale deployment web --replicas=3");
    federated("scale deployment web --replicas=4 --current-replicas=1");
    federated("set image deployment web main=registry.example/app:2");
    federated("set env deployment web A=B");
    federated("set resources deployment web --requests=cpu=10m");
    federated("rollout pause deployment web");
    federated("rollout resume deployment web");
    federated("rollout restart deployment web");
    federated("rollout history deployment web");
    federated("rollout undo deployment web");
    federated(
        "patch deployment web --subresource=status --type=merge -p {\"status\":{\"observedGeneration\":99,\"replicas\":3,\"updatedReplicas\":3,\"availableReplicas\":3,\"readyReplicas\":3}}");
    federated("rollout status deployment web --timeout=30s");
    federated("get deployment web --subresource=scale");
    federated("get deployment -o wide");
    federated("describe deployment web");
    federated("expose deployment web --port=80 --dry-run=client -o yaml");
    federated("create service clusterip made --tcp=80:80 --dry-run=server -o name");
    federated("delete deployment web");
  }

  private void pods() throws IOException {
    // The gateway is told by a label where to create it.
    file(ours + "/pod.yaml", POD.formatted(", multicluster.io/cluster: " + MixedFederation.LIVE));
    file(theirs + "/pod.yaml", POD.formatted(""));
    String pod = folder + "/NS/pod.yaml";
    member("create --dry-run=client -o name -f " + pod);
    member("apply --dry-run=server -f " + pod);
    member("create -f " + pod);
    member("create -f " + pod);
    member("wait --for=condition=Ready pod/web --timeout=60s");
    member("label pod web tier=back");
    member("label pod web tier=front");
    member("annotate pod web note=b --overwrite");
    member("patch pod web -p {\"metadata\":{\"annotations\":{\"note\":\"c\"}}}");
    member("patch pod web --type=merge -p {\"spec\":{\"nodeName\":\"elsewhere\"}}");
    member("set image pod web main=registry.example/app:2");
    member("edit pod web", "", Map.of("KUBE_EDITOR", "sed -i s/front/middle/"));
    reads("pod", "web", this::member);
    member("get pod --field-selector=status.phase=Running");
    member("get pod --field-selector=spec.nodeName=nowhere");
    member("get pod --field-selector=spec.colour=red");
    member("get pod,event -o name --chunk-size=1 --field-selector=metadata.name=web");
    member("get pod missing");
    member("get events --field-selector=involvedObject.name=web,reason=Scheduled");
    member("events --for pod/web --types=Normal -o name");
    member("logs web --tail=2");
    member("exec web -- echo here");
    member("__complete logs w");
    member("delete pod web --now");
    member("get pod web");
  }

  /** Everything that can be read of one object and of all of its kind. */
  private void reads(String kind, String name, Row row) {
    for (String form :
        List.of(
            "",
            " -o wide",
            " -o name",
            " --show-labels",
            " -L app",
            " --sort-by=.metadata.name",
            " -l app=web",
            " -o custom-columns=N:.metadata.name,A:.metadata.labels.app",
            " -o jsonpath={.items[*].metadata.labels.app}")) {
      row.add("get " + kind + form);
    }
    for (String form : List.of("", " -o yaml", " -o json")) {
      row.add("get " + kind + " " + name + form);
    }
    row.add("describe " + kind + " " + name);
  }

  private interface Row {
    void add(String command);
  }

  private void federated(String command) {
    federated(command, "");
  }

  private void federated(String command, String input) {
    federated(command, input, Map.of());
  }

  private void federated(String command, String input, Map<String, String> environment) {
    same(Holder.CONTROL_PLANE, command, input, environment);
  }

  private void member(String command) {
    member(command, "", Map.of());
  }

  private void member(String command, String input, Map<String, String> environment) {
    same(Holder.MEMBER, command, input, environment);
  }

  private void same(Holder holder, String command, String input, Map<String, String> environment) {
    rows.add(
        DynamicTest.dynamicTest(
            command.replace(folder + "/", ""),
            () -> {
              Result us = gateway.run(input, environment, words(command, ours));
              Result them =
                  (holder == Holder.MEMBER ? member : controlPlane)
                      .run(input, environment, words(command, theirs));
              assertThat(normal(us)).isEqualTo(normal(them));
            }));
  }

  /** What the gateway prints is a part of what the control plane prints. */
  private void contained(String command) {
    rows.add(
        DynamicTest.dynamicTest(
            command,
            () -> {
              // Usage is gathered from the members, the control plane does not know it.
              List<String> lines =
                  gateway.ok(words(command, ours)).lines().stream()
                      .filter(line -> !line.contains("metrics.k8s.io"))
                      .toList();
              assertThat(lines).isNotEmpty();
              assertThat(new TreeSet<>(collapsed(controlPlane.ok(words(command, theirs)).lines())))
                  .containsAll(collapsed(lines));
            }));
  }

  private static List<String> collapsed(List<String> lines) {
    return lines.stream().map(line -> line.replaceAll(" +", " ")).toList();
  }

  private static String[] words(String command, String namespace) {
    String[] words = command.replace("/NS", "/" + namespace).split(" ", -1);
    return Stream.concat(Stream.of("--namespace=" + namespace), Stream.of(words))
        .toArray(String[]::new);
  }

  /**
   * What may differ is taken out: names of the two servers and namespaces, identities and times of
   * two objects, and what the gateway adds to an object that is in a member.
   */
  private String normal(Result result) {
    return "exit " + result.exit() + "\n" + normal(result.out()) + "\n---\n" + normal(result.err());
  }

  private String normal(String text) {
    List<String> lines = new ArrayList<>();
    int from = -1;
    int to = -1;
    for (String line : text.lines().toList()) {
      if (line.isBlank() || line.matches("[A-Z][-A-Z ()]+")) {
        from = line.indexOf("CLUSTER ");
        to = from;
        while (from >= 0 && (to < from + "CLUSTER".length() || line.charAt(to) == ' ')) {
          to++;
        }
      }
      String cut =
          from >= 0 && line.length() > to ? line.substring(0, from) + line.substring(to) : line;
      String marks =
          cut.replaceAll(",?multicluster\\.io/cluster=" + MixedFederation.LIVE, "")
              .replaceAll(
                  "\"?multicluster\\.io/cluster\"?: \"?" + MixedFederation.LIVE + "\"?,?", "")
              .replaceAll(
                  "\"?resource\\.karmada\\.io/cached-from-cluster\"?: \"?"
                      + MixedFederation.LIVE
                      + "\"?,?",
                  "");
      if (!marks.equals(cut) && marks.isBlank()) {
        continue;
      }
      lines.add(
          marks
              .replace(ours, "NAMESPACE")
              .replace(theirs, "NAMESPACE")
              .replaceAll("https://[0-9.]+:\\d+", "SERVER")
              .replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID")
              .replace("+multicluster", "")
              .replaceAll("/(LIVE|MERGED)-\\d+/", "/$1/")
              .replaceAll("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d+ [-+]\\d{4}", "TIME")
              .replaceAll(
                  "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[-+]\\d\\d:\\d\\d)",
                  "TIME")
              .replaceAll("\\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d [-+]\\d{4}", "TIME")
              .replaceAll("(resourceVersion\"?: *)\"?\\d+\"?", "$1RV")
              .replaceAll("\\b(\\d+[smh])+\\b|<invalid>", "AGE")
              .replaceAll("\\b10\\.\\d+\\.\\d+\\.\\d+\\b", "IP")
              .replaceAll("\\bweb\\.[0-9a-f]{16}\\b", "EVENT")
              .replaceAll("-[a-z0-9]{5}\\b", "-RANDOM")
              .replaceAll(",$", "")
              .replaceAll(" +", " ")
              .stripTrailing());
    }
    return String.join("\n", lines);
  }

  private String file(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content).toString();
  }

  private static String configMap(String colour, String more) {
    return """
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: settings
    data:
      colour: %s
    %s
    """
        .formatted(colour, more);
  }

  private static final String DEPLOYMENT =
      """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web, labels: {app: web}}
      spec:
        replicas: 2
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec:
            containers:
            - {name: main, image: "registry.example/app:1"}
      """;

  private static final String KUSTOMIZATION =
      """
      namePrefix: k-
      labels:
      - {pairs: {from: kustomize}}
      configMapGenerator:
      - {name: generated, literals: [a=b]}
      """;

  private static final String POD =
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: web
        labels: {app: web%s}
        annotations: {note: a}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
        - {name: main, image: "registry.example/app:1"}
      """;
}
