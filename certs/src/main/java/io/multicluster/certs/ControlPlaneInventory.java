package io.multicluster.certs;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ConfigMapList;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An inventory that all replicas see: a ConfigMap for each certificate, and one for each user that
 * was revoked, in a namespace of the control plane. Who can write there can undo a revocation.
 */
public final class ControlPlaneInventory implements Inventory {
  private static final long PAGE = 500;

  /** To go round again a writer has to lose to another, and of those there are few. */
  private static final int ATTEMPTS = 10;

  private final KubernetesClient client;
  private final String namespace;

  /**
   * @param client for the control plane; stays the caller's
   * @param namespace made with the first entry if it is missing
   */
  public ControlPlaneInventory(KubernetesClient client, String namespace) {
    this.client = client;
    this.namespace = namespace;
  }

  @Override
  public Contents contents() throws IOException {
    List<ConfigMap> objects = new ArrayList<>();
    String next = "";
    do {
      ListOptions options =
          new ListOptionsBuilder()
              .withLabelSelector(InventoryObjects.LABEL)
              .withLimit(PAGE)
              .withContinue(next.isEmpty() ? null : next)
              .build();
      ConfigMapList page = asked(() -> client.configMaps().inNamespace(namespace).list(options));
      objects.addAll(page.getItems());
      next = Objects.requireNonNullElse(page.getMetadata().getContinue(), "");
    } while (!next.isEmpty());
    return InventoryObjects.contents(objects);
  }

  @Override
  public void add(IssuedCertificate certificate) throws IOException {
    asked(() -> create(InventoryObjects.of(certificate)));
  }

  /** The time of the first revocation stays. */
  @Override
  public void revoke(IssuedCertificate certificate, Instant when) throws IOException {
    ConfigMap revoked = InventoryObjects.of(certificate.revokedAt(when));
    change(
        InventoryObjects.name(certificate),
        before -> before != null && InventoryObjects.revoked(before) ? null : revoked);
  }

  /** The time of the last revocation stays. */
  @Override
  public void revokeUser(String user, Instant when) throws IOException {
    ConfigMap revoked = InventoryObjects.ofRevokedUser(user, when);
    change(
        InventoryObjects.nameOfRevokedUser(user),
        before ->
            before == null || InventoryObjects.revokedUpTo(before).isBefore(when) ? revoked : null);
  }

  /** What an object is to become, seeing what it is. */
  @FunctionalInterface
  private interface Change {
    /**
     * @param before null if there is no such object
     * @return null if all is well already
     */
    @Nullable ConfigMap after(@Nullable ConfigMap before);
  }

  private void change(String name, Change change) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (asked(() -> changed(name, change))) {
        return;
      }
    }
    throw new IOException(
        "ConfigMap " + namespace + "/" + name + " was changed by others each time we tried to");
  }

  /** False if somebody else was faster. */
  private boolean changed(String name, Change change) {
    ConfigMap before = client.configMaps().inNamespace(namespace).withName(name).get();
    ConfigMap after = change.after(before);
    if (after == null) {
      return true;
    }
    try {
      if (before == null) {
        create(after);
      } else {
        client
            .resource(after)
            .inNamespace(namespace)
            .lockResourceVersion(before.getMetadata().getResourceVersion())
            .update();
      }
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        return false;
      }
      throw e;
    }
  }

  private ConfigMap create(ConfigMap object) {
    ConfigMap there =
        new ConfigMapBuilder(object).editMetadata().withNamespace(namespace).endMetadata().build();
    try {
      return client.resource(there).create();
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
        throw e;
      }
      client
          .resource(
              new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
          .create();
      return client.resource(there).create();
    }
  }

  private <T> T asked(Supplier<T> question) throws IOException {
    try {
      return question.get();
    } catch (KubernetesClientException e) {
      throw new IOException(
          "the inventory of certificates in namespace "
              + namespace
              + " of the control plane can't be reached or changed: "
              + e.getMessage(),
          e);
    }
  }
}
