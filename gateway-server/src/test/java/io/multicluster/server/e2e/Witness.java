package io.multicluster.server.e2e;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToIntFunction;

/**
 * Watches an API server itself, past the gateway, and notes each moment at which something is gone
 * or has become fewer than the policy allows: at most a fifth of the highest count ever, which is
 * the same as within a window that is longer than the test.
 */
final class Witness implements AutoCloseable {
  private final KubernetesClient client;
  private final List<String> violations = new CopyOnWriteArrayList<>();
  private final List<io.fabric8.kubernetes.client.Watch> watches = new CopyOnWriteArrayList<>();
  private final Map<String, Integer> highest = new ConcurrentHashMap<>();
  private volatile int events;

  Witness(KubernetesClient client) {
    this.client = client;
  }

  /**
   * @param count what must not fall; negative if an object has none
   */
  void watch(ResourceDefinitionContext kind, ToIntFunction<GenericKubernetesResource> count) {
    watches.add(
        client
            .genericKubernetesResources(kind)
            .inNamespace(ProtectedFederation.NAMESPACE)
            .watch(
                new Watcher<>() {
                  @Override
                  public void eventReceived(Action action, GenericKubernetesResource object) {
                    see(action, object, count.applyAsInt(object));
                  }

                  @Override
                  public void onClose(WatcherException cause) {
                    violations.add("the watch broke off: " + cause);
                  }
                }));
  }

  private synchronized void see(Watcher.Action action, GenericKubernetesResource object, int now) {
    String name = object.getKind() + " " + object.getMetadata().getName();
    events++;
    if (action == Watcher.Action.DELETED) {
      violations.add(name + " is gone");
    }
    if (object.getMetadata().getDeletionTimestamp() != null) {
      violations.add(name + " is going");
    }
    if (!object.getMetadata().getLabels().containsKey("tier")) {
      violations.add(name + " has no label tier");
    }
    if (now < 0) {
      return;
    }
    int most = Math.max(now, highest.getOrDefault(name, 0));
    highest.put(name, most);
    int least = most - Math.min(50, most * 20 / 100);
    if (now < least) {
      violations.add(name + " has " + now + " of once " + most);
    }
  }

  List<String> violations() {
    return violations;
  }

  int events() {
    return events;
  }

  @Override
  public void close() {
    watches.forEach(io.fabric8.kubernetes.client.Watch::close);
    client.close();
  }
}
