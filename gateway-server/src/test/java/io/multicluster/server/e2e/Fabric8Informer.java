package io.multicluster.server.e2e;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A fabric8 informer of the pods of a namespace, which judges what its handler is told. */
final class Fabric8Informer implements AutoCloseable {
  private final KubernetesClient client;
  private final SharedIndexInformer<Pod> informer;
  private final AtomicInteger lists = new AtomicInteger();
  private final List<String> violations = new CopyOnWriteArrayList<>();

  /** By UID: the resourceVersion told last. */
  private final Map<String, Long> told = new ConcurrentHashMap<>();

  private Fabric8Informer(Config config, String namespace) {
    this.client =
        new KubernetesClientBuilder()
            .withConfig(config)
            .withHttpClientBuilderConsumer(
                http -> http.addOrReplaceInterceptor("lists", new ListCounter()))
            .build();
    this.informer = client.pods().inNamespace(namespace).runnableInformer(0);
    informer.exceptionHandler((_, _) -> true);
    informer.addEventHandler(new Judge());
  }

  static Fabric8Informer start(Config config, String namespace) {
    Fabric8Informer started = new Fabric8Informer(config, namespace);
    started.informer.run();
    return started;
  }

  /** How often it has listed its collection. */
  int lists() {
    return lists.get();
  }

  List<String> violations() {
    return violations;
  }

  List<Pod> held() {
    return informer.getStore().list();
  }

  /** Counts what asks for the collection and is no watch. */
  private final class ListCounter implements Interceptor {
    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
      String uri = request.uri().toString();
      if (uri.contains("/pods") && !uri.contains("watch=true")) {
        lists.incrementAndGet();
      }
    }
  }

  private final class Judge implements ResourceEventHandler<Pod> {
    @Override
    public void onAdd(Pod pod) {
      if (told.put(uid(pod), version(pod)) != null) {
        violations.add("fabric8 hears twice of the begin of " + pod.getMetadata());
      }
    }

    @Override
    public void onUpdate(Pod before, Pod after) {
      Long known = told.put(uid(after), version(after));
      if (known == null || known != version(before) || version(after) <= known) {
        violations.add("fabric8 knows of " + known + " and hears of " + after.getMetadata());
      }
    }

    @Override
    public void onDelete(Pod pod, boolean finalStateUnknown) {
      if (told.remove(uid(pod)) == null) {
        violations.add("fabric8 hears of the end of an unknown " + pod.getMetadata());
      }
      if (finalStateUnknown) {
        violations.add("fabric8 has missed the end of " + pod.getMetadata());
      }
    }

    private static String uid(HasMetadata object) {
      return object.getMetadata().getUid();
    }

    private static long version(HasMetadata object) {
      return Long.parseLong(object.getMetadata().getResourceVersion());
    }
  }

  @Override
  public void close() {
    informer.close();
    client.close();
  }
}
