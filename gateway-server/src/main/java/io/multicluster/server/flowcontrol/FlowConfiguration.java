package io.multicluster.server.flowcontrol;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.multicluster.server.flowcontrol.FlowSchema.Distinguisher;
import io.multicluster.server.flowcontrol.FlowSchema.NonResourceRule;
import io.multicluster.server.flowcontrol.FlowSchema.ResourceRule;
import io.multicluster.server.flowcontrol.FlowSchema.Rule;
import io.multicluster.server.flowcontrol.FlowSchema.Subject;
import io.multicluster.server.flowcontrol.PriorityLevel.Queuing;
import io.multicluster.wire.user.UserInfo;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * All schemas and levels. The mandatory ones, {@code exempt} and {@code catch-all}, are always
 * there.
 *
 * @param schemas in the order in which they are tried
 * @param levels by name
 */
record FlowConfiguration(List<FlowSchema> schemas, Map<String, PriorityLevel> levels) {
  private static final List<String> ANY = List.of("*");
  private static final Subject.Group MASTERS = new Subject.Group(UserInfo.SYSTEM_MASTERS);
  private static final Subject.Group KNOWN = new Subject.Group(UserInfo.AUTHENTICATED);
  private static final Subject.Group UNKNOWN = new Subject.Group(UserInfo.UNAUTHENTICATED);
  private static final Subject.Group NODES = new Subject.Group("system:nodes");
  private static final Subject CONTROLLERS = new Subject.User("system:kube-controller-manager");
  private static final Subject SCHEDULER = new Subject.User("system:kube-scheduler");
  private static final Subject KUBE_SYSTEM = new Subject.ServiceAccount("kube-system", "*");

  /** What every API server has. */
  static final FlowConfiguration MANDATORY = of(List.of(), List.of());

  /** What kube-apiserver has unless somebody changes it. */
  static final FlowConfiguration DEFAULT = suggested();

  /** Adds what is mandatory and missing, and leaves out schemas of levels that do not exist. */
  static FlowConfiguration of(List<FlowSchema> schemas, List<PriorityLevel> levels) {
    Map<String, PriorityLevel> byName = new LinkedHashMap<>();
    byName.put("exempt", exempt("exempt"));
    byName.put(
        "catch-all", new PriorityLevel("catch-all", uid("catch-all"), false, 5, 0, null, null));
    levels.forEach(level -> byName.put(level.name(), level));
    Map<String, FlowSchema> schemaByName = new LinkedHashMap<>();
    for (FlowSchema schema :
        List.of(
            schema("exempt", 1, "exempt", Distinguisher.NONE, everything(MASTERS)),
            schema(
                "catch-all",
                10_000,
                "catch-all",
                Distinguisher.BY_USER,
                everything(UNKNOWN, KNOWN)))) {
      schemaByName.put(schema.name(), schema);
    }
    for (FlowSchema schema : schemas) {
      if (byName.containsKey(schema.level())) {
        schemaByName.put(schema.name(), schema);
      }
    }
    List<FlowSchema> sorted = new ArrayList<>(schemaByName.values());
    sorted.sort(Comparator.comparingInt(FlowSchema::precedence).thenComparing(FlowSchema::name));
    return new FlowConfiguration(List.copyOf(sorted), Map.copyOf(byName));
  }

  private static FlowConfiguration suggested() {
    return of(
        List.of(
            schema(
                "probes",
                2,
                "exempt",
                Distinguisher.NONE,
                new Rule(
                    List.of(UNKNOWN, KNOWN),
                    List.of(),
                    List.of(
                        new NonResourceRule(
                            List.of("get"), List.of("/healthz", "/readyz", "/livez"))))),
            schema(
                "system-leader-election",
                100,
                "leader-election",
                Distinguisher.BY_USER,
                new Rule(
                    List.of(CONTROLLERS, SCHEDULER, KUBE_SYSTEM),
                    List.of(leases(List.of("get", "create", "update"))),
                    List.of())),
            schema(
                "system-node-high",
                400,
                "node-high",
                Distinguisher.BY_USER,
                new Rule(
                    List.of(NODES),
                    List.of(
                        new ResourceRule(
                            ANY, List.of(""), List.of("nodes", "nodes/status"), true, ANY),
                        leases(ANY)),
                    List.of())),
            schema("system-nodes", 500, "system", Distinguisher.BY_USER, everything(NODES)),
            schema(
                "kube-controller-manager",
                800,
                "workload-high",
                Distinguisher.BY_NAMESPACE,
                everything(CONTROLLERS)),
            schema(
                "kube-scheduler",
                800,
                "workload-high",
                Distinguisher.BY_NAMESPACE,
                everything(SCHEDULER)),
            schema(
                "kube-system-service-accounts",
                900,
                "workload-high",
                Distinguisher.BY_NAMESPACE,
                everything(KUBE_SYSTEM)),
            schema(
                "service-accounts",
                9000,
                "workload-low",
                Distinguisher.BY_USER,
                everything(new Subject.Group("system:serviceaccounts"))),
            schema(
                "global-default",
                9900,
                "global-default",
                Distinguisher.BY_USER,
                everything(UNKNOWN, KNOWN))),
        List.of(
            level("system", 30, 33, 64, 6),
            level("node-high", 40, 25, 64, 6),
            level("leader-election", 10, 0, 16, 4),
            level("workload-high", 40, 50, 128, 6),
            level("workload-low", 100, 90, 128, 6),
            level("global-default", 20, 50, 128, 6)));
  }

  private static PriorityLevel exempt(String name) {
    return new PriorityLevel(name, uid(name), true, 0, 0, null, null);
  }

  private static PriorityLevel level(
      String name, int shares, int lendable, int queues, int handSize) {
    return new PriorityLevel(
        name, uid(name), false, shares, lendable, null, new Queuing(queues, handSize, 50));
  }

  private static FlowSchema schema(
      String name, int precedence, String level, Distinguisher distinguisher, Rule rule) {
    return new FlowSchema(
        name, uid("schema/" + name), precedence, level, distinguisher, List.of(rule));
  }

  private static Rule everything(Subject... subjects) {
    return new Rule(
        List.of(subjects),
        List.of(new ResourceRule(ANY, ANY, ANY, true, ANY)),
        List.of(new NonResourceRule(ANY, ANY)));
  }

  private static ResourceRule leases(List<String> verbs) {
    return new ResourceRule(verbs, List.of("coordination.k8s.io"), List.of("leases"), false, ANY);
  }

  /** Always the same for the same name, as an object's would be. */
  private static AsciiString uid(String name) {
    return AsciiString.of(
        UUID.nameUUIDFromBytes(("flowcontrol/" + name).getBytes(UTF_8)).toString());
  }
}
