package io.multicluster.testclusters.simulated;

import io.multicluster.testclusters.simulated.ResourceType.Subresource;
import java.util.ArrayList;
import java.util.List;

/** The kinds that every simulated API server has, in the order in which discovery lists them. */
final class BuiltInTypes {
  private static final List<String> CHANGE = List.of("get", "patch", "update");
  private static final List<String> CREATE = List.of("create");

  private static final String CORE = "io.k8s.api.core.v1.";
  private static final String APPS = "io.k8s.api.apps.v1.";
  private static final String RBAC = "io.k8s.api.rbac.v1.";
  private static final String AUTHORIZATION = "io.k8s.api.authorization.v1.";
  private static final String AUTHENTICATION = "io.k8s.api.authentication.v1.";

  static final List<ResourceType> ALL = all();

  private BuiltInTypes() {}

  private static List<ResourceType> all() {
    List<ResourceType> all = new ArrayList<>();
    all.add(type("", "v1", "bindings", "Binding", true, CORE).verbs(CREATE).build());
    all.add(type("", "v1", "configmaps", "ConfigMap", true, CORE).shortName("cm").build());
    all.add(type("", "v1", "endpoints", "Endpoints", true, CORE).shortName("ep").build());
    all.add(type("", "v1", "events", "Event", true, CORE).shortName("ev").build());
    all.add(type("", "v1", "limitranges", "LimitRange", true, CORE).shortName("limits").build());
    all.add(
        type("", "v1", "namespaces", "Namespace", false, CORE)
            .shortName("ns")
            .verbs(List.of("create", "delete", "get", "list", "patch", "update", "watch"))
            .sub("finalize", "", "", "Namespace", List.of("update"))
            .status()
            .build());
    all.add(type("", "v1", "nodes", "Node", false, CORE).shortName("no").status().build());
    all.add(
        type("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true, CORE)
            .shortName("pvc")
            .status()
            .build());
    all.add(
        type("", "v1", "persistentvolumes", "PersistentVolume", false, CORE)
            .shortName("pv")
            .status()
            .build());
    all.add(
        type("", "v1", "pods", "Pod", true, CORE)
            .shortName("po")
            .category("all")
            .sub("binding", "", "", "Binding", CREATE)
            .sub("ephemeralcontainers", "", "", "Pod", CHANGE)
            .sub("eviction", "policy", "v1", "Eviction", CREATE)
            .status()
            .build());
    all.add(type("", "v1", "podtemplates", "PodTemplate", true, CORE).build());
    all.add(
        type("", "v1", "replicationcontrollers", "ReplicationController", true, CORE)
            .shortName("rc")
            .category("all")
            .scale()
            .status()
            .build());
    all.add(
        type("", "v1", "resourcequotas", "ResourceQuota", true, CORE)
            .shortName("quota")
            .status()
            .build());
    all.add(type("", "v1", "secrets", "Secret", true, CORE).build());
    all.add(
        type("", "v1", "serviceaccounts", "ServiceAccount", true, CORE)
            .shortName("sa")
            .sub("token", "authentication.k8s.io", "v1", "TokenRequest", CREATE)
            .build());
    all.add(
        type("", "v1", "services", "Service", true, CORE)
            .shortName("svc")
            .category("all")
            .status()
            .build());

    all.add(type("apps", "v1", "controllerrevisions", "ControllerRevision", true, APPS).build());
    all.add(
        type("apps", "v1", "daemonsets", "DaemonSet", true, APPS)
            .shortName("ds")
            .category("all")
            .status()
            .build());
    all.add(
        type("apps", "v1", "deployments", "Deployment", true, APPS)
            .shortName("deploy")
            .category("all")
            .scale()
            .status()
            .build());
    all.add(
        type("apps", "v1", "replicasets", "ReplicaSet", true, APPS)
            .shortName("rs")
            .category("all")
            .scale()
            .status()
            .build());
    all.add(
        type("apps", "v1", "statefulsets", "StatefulSet", true, APPS)
            .shortName("sts")
            .category("all")
            .scale()
            .status()
            .build());

    all.add(
        type("events.k8s.io", "v1", "events", "Event", true, "io.k8s.api.events.v1.")
            .shortName("ev")
            .build());

    all.add(
        type(
                "authentication.k8s.io",
                "v1",
                "selfsubjectreviews",
                "SelfSubjectReview",
                false,
                AUTHENTICATION)
            .verbs(CREATE)
            .build());
    all.add(
        type("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", false, AUTHENTICATION)
            .verbs(CREATE)
            .build());

    for (String kind :
        List.of(
            "LocalSubjectAccessReview",
            "SelfSubjectAccessReview",
            "SelfSubjectRulesReview",
            "SubjectAccessReview")) {
      all.add(
          type(
                  "authorization.k8s.io",
                  "v1",
                  kind.toLowerCase(java.util.Locale.ROOT) + "s",
                  kind,
                  kind.startsWith("Local"),
                  AUTHORIZATION)
              .verbs(CREATE)
              .build());
    }

    all.add(
        type(
                "autoscaling",
                "v2",
                "horizontalpodautoscalers",
                "HorizontalPodAutoscaler",
                true,
                "io.k8s.api.autoscaling.v2.")
            .shortName("hpa")
            .category("all")
            .status()
            .build());

    all.add(
        type("batch", "v1", "cronjobs", "CronJob", true, "io.k8s.api.batch.v1.")
            .shortName("cj")
            .category("all")
            .status()
            .build());
    all.add(
        type("batch", "v1", "jobs", "Job", true, "io.k8s.api.batch.v1.")
            .category("all")
            .status()
            .build());

    all.add(
        type(
                "certificates.k8s.io",
                "v1",
                "certificatesigningrequests",
                "CertificateSigningRequest",
                false,
                "io.k8s.api.certificates.v1.")
            .shortName("csr")
            .sub("approval", "", "", "CertificateSigningRequest", CHANGE)
            .status()
            .build());

    all.add(
        type(
                "policy",
                "v1",
                "poddisruptionbudgets",
                "PodDisruptionBudget",
                true,
                "io.k8s.api.policy.v1.")
            .shortName("pdb")
            .status()
            .build());

    all.add(
        type(
                "rbac.authorization.k8s.io",
                "v1",
                "clusterrolebindings",
                "ClusterRoleBinding",
                false,
                RBAC)
            .build());
    all.add(
        type("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false, RBAC)
            .build());
    all.add(
        type("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true, RBAC).build());
    all.add(type("rbac.authorization.k8s.io", "v1", "roles", "Role", true, RBAC).build());

    all.add(
        type(
                "apiextensions.k8s.io",
                "v1",
                "customresourcedefinitions",
                "CustomResourceDefinition",
                false,
                "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.")
            .shortName("crd")
            .shortName("crds")
            .category("api-extensions")
            .status()
            .build());

    all.add(
        type("coordination.k8s.io", "v1", "leases", "Lease", true, "io.k8s.api.coordination.v1.")
            .build());
    return List.copyOf(all);
  }

  private static Builder type(
      String group, String version, String plural, String kind, boolean namespaced, String schema) {
    return new Builder(group, version, plural, kind, namespaced, schema);
  }

  private static final class Builder {
    private final String group;
    private final String version;
    private final String plural;
    private final String kind;
    private final boolean namespaced;
    private final String schema;
    private final List<String> shortNames = new ArrayList<>();
    private final List<String> categories = new ArrayList<>();
    private final List<Subresource> subresources = new ArrayList<>();
    private List<String> verbs = ResourceType.ALL_VERBS;

    Builder(
        String group,
        String version,
        String plural,
        String kind,
        boolean namespaced,
        String schema) {
      this.group = group;
      this.version = version;
      this.plural = plural;
      this.kind = kind;
      this.namespaced = namespaced;
      this.schema = schema;
    }

    Builder shortName(String name) {
      shortNames.add(name);
      return this;
    }

    Builder category(String name) {
      categories.add(name);
      return this;
    }

    Builder verbs(List<String> only) {
      verbs = only;
      return this;
    }

    Builder sub(String name, String subGroup, String subVersion, String subKind, List<String> v) {
      subresources.add(new Subresource(name, subGroup, subVersion, subKind, v));
      return this;
    }

    Builder status() {
      return sub("status", "", "", kind, CHANGE);
    }

    Builder scale() {
      return sub("scale", "autoscaling", "v1", "Scale", CHANGE);
    }

    ResourceType build() {
      return new ResourceType(
          group,
          version,
          plural,
          kind.toLowerCase(java.util.Locale.ROOT),
          kind,
          namespaced,
          shortNames,
          categories,
          verbs,
          subresources,
          Schema.message(schema + kind),
          null);
    }
  }
}
