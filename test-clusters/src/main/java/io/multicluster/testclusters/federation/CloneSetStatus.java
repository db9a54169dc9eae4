package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Map;

/** Writes what is known about a CloneSet's pods into its status, if that is news. */
final class CloneSetStatus {
  private CloneSetStatus() {}

  static void report(KubernetesClient client, CloneSet cloneSet, CloneSet.Counts counts) {
    Map<String, Object> status = cloneSet.status(counts);
    Object known = cloneSet.object().get("status");
    // As text, because numbers of one value may have different Java types in the two trees.
    if (known instanceof Map<?, ?> map
        && status.entrySet().stream()
            .allMatch(entry ->
                String.valueOf(entry.getValue()).equals(String.valueOf(map.get(entry.getKey()))))) {
      return;
    }
    GenericKubernetesResource changed = Serialization.clone(cloneSet.object());
    changed.setAdditionalProperty("status", status);
    client
        .genericKubernetesResources(CloneSet.TYPE)
        .inNamespace(cloneSet.namespace())
        .resource(changed)
        .updateStatus();
  }
}
