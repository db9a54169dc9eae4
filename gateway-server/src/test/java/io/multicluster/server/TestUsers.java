package io.multicluster.server;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import io.multicluster.certs.CertificateAuthority;
import io.multicluster.certs.ClientCertificates;
import io.multicluster.certs.FileInventory;
import io.multicluster.certs.Inventory;
import io.multicluster.certs.KeyAlgorithm;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.certs.Kubeconfig;
import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/** The client authority of a test's gateway, and whom it vouches for. */
public final class TestUsers {
  private final ClientCertificates certificates;

  private TestUsers(ClientCertificates certificates) {
    this.certificates = certificates;
  }

  /** Makes the authority of a gateway that has none yet. */
  public static TestUsers of(StateFolder state) throws Exception {
    return of(state, new FileInventory(state.inventory()));
  }

  /** As {@link #of(StateFolder)}, with another inventory. */
  static TestUsers of(StateFolder state, Inventory inventory) throws Exception {
    CertificateAuthority authority =
        CertificateAuthority.create(
            "users", KeyAlgorithm.ECDSA_P256, Duration.ofDays(1), Clock.systemUTC());
    authority
        .keyedCertificate()
        .write(state.clientAuthorityCertificate(), state.clientAuthorityKey());
    return new TestUsers(new ClientCertificates(authority, inventory, Clock.systemUTC()));
  }

  /** A user for an hour. */
  public KeyedCertificate issue(String user, List<String> groups) throws IOException {
    return certificates.issue(user, groups, Duration.ofHours(1), KeyAlgorithm.ECDSA_P256);
  }

  ClientCertificates certificates() {
    return certificates;
  }

  /** A client that is the user of a kubeconfig, and trusts its server. */
  public static HttpClient http(Kubeconfig kubeconfig) throws Exception {
    return HttpClient.newBuilder()
        .sslContext(SSLUtils.sslContext(Config.fromKubeconfig(kubeconfig.yaml())))
        .build();
  }
}
