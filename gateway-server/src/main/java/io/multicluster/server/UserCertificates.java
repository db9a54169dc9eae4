package io.multicluster.server;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.certs.CertificateAuthority;
import io.multicluster.certs.ClientCertificates;
import io.multicluster.certs.ControlPlaneInventory;
import io.multicluster.certs.FileInventory;
import io.multicluster.certs.Inventory;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.server.config.GatewayConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;

/**
 * The authority for users' certificates and its inventory, where the configuration says that they
 * are. The commands and the running gateway use the same.
 */
public final class UserCertificates implements AutoCloseable {
  private final Path certificateFile;
  private final Path keyFile;
  private final Inventory inventory;
  private final AutoCloseable client;

  private UserCertificates(
      GatewayConfiguration configuration,
      StateFolder state,
      Inventory inventory,
      AutoCloseable client) {
    this.certificateFile = state.clientAuthorityCertificate(configuration);
    this.keyFile = state.clientAuthorityKey(configuration);
    this.inventory = inventory;
    this.client = client;
  }

  /**
   * @throws IOException if the state directory can't be made or a kubeconfig not be read
   * @throws IllegalArgumentException if a file can't be used; the message names it
   */
  public static UserCertificates open(GatewayConfiguration configuration) throws IOException {
    StateFolder state = StateFolder.of(configuration);
    return switch (configuration.certificates().inventory()) {
      case file ->
          new UserCertificates(
              configuration, state, new FileInventory(state.inventory()), () -> {});
      case controlPlane -> {
        KubernetesClient client = ControlPlaneClient.of(configuration);
        yield new UserCertificates(configuration, state, shared(configuration, client), client);
      }
    };
  }

  /**
   * @param client stays the caller's
   */
  static UserCertificates of(
      GatewayConfiguration configuration, StateFolder state, KubernetesClient client) {
    Inventory inventory =
        switch (configuration.certificates().inventory()) {
          case file -> new FileInventory(state.inventory());
          case controlPlane -> shared(configuration, client);
        };
    return new UserCertificates(configuration, state, inventory, () -> {});
  }

  private static Inventory shared(GatewayConfiguration configuration, KubernetesClient client) {
    return new ControlPlaneInventory(client, configuration.certificates().namespace());
  }

  public Inventory inventory() {
    return inventory;
  }

  /** Whether certificates can be issued here. */
  public boolean hasAuthority() {
    return Files.exists(keyFile);
  }

  public Path certificateFile() {
    return certificateFile;
  }

  public Path keyFile() {
    return keyFile;
  }

  /**
   * The authority and, after it, those before it whose certificates still count.
   *
   * @throws IllegalArgumentException if there is none, or it can't be used
   */
  public KeyedCertificate authority() {
    if (!hasAuthority()) {
      throw new IllegalArgumentException(
          "There is no authority's key " + keyFile + " yet: run `certs init` first.");
    }
    return KeyedCertificate.read(certificateFile, keyFile);
  }

  /**
   * @throws IllegalArgumentException if there is no authority, or it can't be used
   */
  public ClientCertificates issuing() {
    return new ClientCertificates(
        new CertificateAuthority(authority(), Clock.systemUTC()), inventory, Clock.systemUTC());
  }

  @Override
  public void close() throws IOException {
    try {
      client.close();
    } catch (Exception e) {
      throw new IOException("the client for the control plane can't be closed", e);
    }
  }
}
