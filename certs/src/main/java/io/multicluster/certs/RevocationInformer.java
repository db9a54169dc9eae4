package io.multicluster.certs;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells {@link Revocations} what the control plane's inventory says, within the time that a watch
 * takes. While the control plane is away, what was known last stays in force.
 */
public final class RevocationInformer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RevocationInformer.class);
  private static final long PAGE = 500;

  private final Revocations revocations;
  private final SharedIndexInformer<ConfigMap> informer;

  /**
   * Begins to watch; returns at once.
   *
   * @param client for the control plane; stays the caller's
   */
  public RevocationInformer(KubernetesClient client, String namespace, Revocations revocations) {
    this.revocations = revocations;
    this.informer =
        client
            .configMaps()
            .inNamespace(namespace)
            .withLabel(InventoryObjects.LABEL)
            .withLimit(PAGE)
            .runnableInformer(0);
    informer.exceptionHandler((_, problem) -> {
      LOG.atWarn()
          .addKeyValue("namespace", namespace)
          .addKeyValue("reason", problem.toString())
          .log("The inventory of certificates can't be watched: trying again");
      return true;
    });
    informer.addEventHandler(new Handler());
    informer.start();
  }

  @Override
  public void close() {
    informer.close();
  }

  private void read() {
    try {
      revocations.update(InventoryObjects.contents(informer.getStore().list()));
    } catch (IOException e) {
      LOG.atError()
          .addKeyValue("reason", e.getMessage())
          .log("The inventory of certificates is damaged: what was known last stays in force");
    }
  }

  /** Called by one thread of the informer. */
  private final class Handler implements ResourceEventHandler<ConfigMap> {
    private boolean listed;

    @Override
    public void onAdd(ConfigMap object) {
      changed();
    }

    @Override
    public void onUpdate(ConfigMap before, ConfigMap object) {
      changed();
    }

    @Override
    public void onDelete(ConfigMap object, boolean unknownState) {
      changed();
    }

    @Override
    public void onList(String resourceVersion, boolean remainedEmpty) {
      listed = true;
      read();
    }

    /** The objects of the first list come one by one before it is complete. */
    private void changed() {
      if (listed) {
        read();
      }
    }
  }
}
