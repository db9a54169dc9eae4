package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a kubelet does as seen through the API: pods that are bound to its node go from Pending over
 * ContainerCreating to Running, and are gone a moment after their deletion was asked for. Runs
 * nothing.
 */
final class Kubelet implements AutoCloseable {
  private final KubernetesClient client;
  private final String hostIp;
  private final String podNetwork;
  private final EventRecorder events;
  private final AtomicInteger lastPodIp = new AtomicInteger();
  private final WorkQueue queue;
  private final SharedIndexInformer<Pod> pods;

  /**
   * @param podNetwork the first two bytes of the node's pod IPs, as text
   * @param pace how long each step of a pod's life takes
   */
  Kubelet(KubernetesClient client, String node, String hostIp, String podNetwork, Duration pace) {
    this.client = client;
    this.hostIp = hostIp;
    this.podNetwork = podNetwork;
    this.events = new EventRecorder(client, "kubelet", node);
    this.queue = new WorkQueue("kubelet " + node, pace, this::reconcile);
    this.pods =
        client
            .pods()
            .inAnyNamespace()
            .withField("spec.nodeName", node)
            .inform(OnChange.of(pod -> queue.add(OnChange.key(pod))));
  }

  private void reconcile(String key) {
    Pod pod = client.pods().inNamespace(OnChange.namespace(key)).withName(OnChange.name(key)).get();
    if (pod == null) {
      return;
    }
    if (pod.getMetadata().getDeletionTimestamp() != null) {
      for (Container container : pod.getSpec().getContainers()) {
        events.normal(
            about(pod, container), "Killing", "Stopping container " + container.getName());
      }
      client.resource(pod).withGracePeriod(0).delete();
    } else if (PodStatuses.isNew(pod)) {
      update(pod, PodStatuses.creating(pod, hostIp));
      for (Container container : pod.getSpec().getContainers()) {
        events.normal(
            about(pod, container),
            "Pulling",
            "Pulling image \"%s\"".formatted(container.getImage()));
      }
    } else if (PodStatuses.isCreating(pod)) {
      update(pod, PodStatuses.running(pod, nextPodIp()));
      for (Container container : pod.getSpec().getContainers()) {
        ObjectReference about = about(pod, container);
        events.normal(
            about, "Pulled", "Successfully pulled image \"%s\"".formatted(container.getImage()));
        events.normal(about, "Created", "Created container: " + container.getName());
        events.normal(about, "Started", "Started container " + container.getName());
      }
    }
  }

  private void update(Pod pod, PodStatus status) {
    client.resource(new PodBuilder(pod).withStatus(status).build()).updateStatus();
  }

  private static ObjectReference about(Pod pod, Container container) {
    return EventRecorder.about(pod, "spec.containers{%s}".formatted(container.getName()));
  }

  private String nextPodIp() {
    int host = lastPodIp.incrementAndGet();
    return podNetwork + "." + (host >> 8 & 0xff) + "." + (host & 0xff);
  }

  @Override
  public void close() {
    pods.close();
    queue.close();
  }
}
