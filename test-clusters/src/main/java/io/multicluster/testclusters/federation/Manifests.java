package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.multicluster.testclusters.TestClusterException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

/** Brings the YAML files beside this class into clusters. */
final class Manifests {
  private static final int CONFLICT = 409;
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(50);

  private Manifests() {}

  /** Creates the objects of one file, of built-in kinds; what is there already stays as it is. */
  static void create(KubernetesClient client, String file) {
    try (InputStream yaml =
        Objects.requireNonNull(Manifests.class.getResourceAsStream(file), file)) {
      for (HasMetadata object : client.load(yaml).items()) {
        create(client, object);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Creates an object; one that is there already stays as it is. */
  static void create(KubernetesClient client, HasMetadata object) {
    try {
      client.resource(object).create();
    } catch (KubernetesClientException e) {
      if (e.getCode() != CONFLICT) {
        throw e;
      }
    }
  }

  /**
   * Returns once the server lists the kind behind a path: definitions take effect some time after
   * they are created.
   */
  static void awaitServed(KubernetesClient client, String path) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (client.raw(path + "?limit=1") == null) {
      if (System.nanoTime() - deadline > 0) {
        throw new TestClusterException(
            "%s does not serve %s %d s after its definition was created"
                .formatted(client.getMasterUrl(), path, LIMIT.toSeconds()));
      }
      LockSupport.parkNanos(POLL.toNanos());
    }
  }
}
