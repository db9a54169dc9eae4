package io.multicluster.server;

import com.github.benmanes.caffeine.cache.Ticker;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.authn.AnonymousAccess;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.AuthenticatorChain;
import io.multicluster.authn.Authorizer;
import io.multicluster.authn.rbac.ControlPlaneAuthorizer;
import io.multicluster.authn.rbac.RbacInformers;
import io.multicluster.authn.rbac.RbacPolicy;
import io.multicluster.authn.review.ReviewClient;
import io.multicluster.authn.review.SubjectAccessReviewAuthorizer;
import io.multicluster.authn.x509.CaFiles;
import io.multicluster.authn.x509.X509Authenticator;
import io.multicluster.certs.FileInventory;
import io.multicluster.certs.Revocations;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.server.config.GatewayConfiguration;
import io.multicluster.server.config.GatewayConfiguration.Authorization.Mode;
import io.multicluster.server.review.SelfReviews;
import io.multicluster.server.route.Route;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/** Who may come in, and what they may do, as the configuration says. */
final class Identity {
  private final Authenticator authenticator;
  private final Authorizer authorizer;
  private final CaFiles clientAuthorities;

  private Identity(Authenticator authenticator, Authorizer authorizer, CaFiles clientAuthorities) {
    this.authenticator = authenticator;
    this.authorizer = authorizer;
    this.clientAuthorities = clientAuthorities;
  }

  /**
   * Begins to read and watch what users and permissions depend on; returns at once.
   *
   * @param parts gets what is to be closed
   * @throws IllegalArgumentException if the content of a file can't be used; the message names it
   */
  static Identity start(
      GatewayConfiguration configuration,
      StateFolder state,
      UpstreamClient controlPlane,
      Refresher refresher,
      Deque<AutoCloseable> parts) {
    KubernetesClient client = ControlPlaneClient.of(configuration);
    parts.push(client);
    CaFiles clientAuthorities = new CaFiles(state.clientAuthorities(configuration));
    refresher.every(Duration.ofSeconds(10), clientAuthorities::reload);
    ReviewClient reviews = new ControlPlaneReviews(controlPlane);
    return new Identity(
        authenticator(state, refresher, clientAuthorities),
        authorizer(configuration.authorization().mode(), reviews, client, parts),
        clientAuthorities);
  }

  private static Authenticator authenticator(
      StateFolder state, Refresher refresher, CaFiles clientAuthorities) {
    FileInventory inventory = new FileInventory(state.inventory());
    Revocations revocations = new Revocations();
    refresher.every(
        Duration.ofSeconds(1),
        () -> {
          try {
            revocations.update(inventory.contents());
          } catch (IOException e) {
            throw new IllegalStateException(e.getMessage(), e);
          }
        });
    return new AuthenticatorChain(
        List.of(new X509Authenticator(clientAuthorities, revocations::includes, Clock.systemUTC())),
        AnonymousAccess.HEALTH);
  }

  private static Authorizer authorizer(
      Mode mode, ReviewClient client, KubernetesClient watches, Deque<AutoCloseable> parts) {
    Authorizer reviews =
        new SubjectAccessReviewAuthorizer(
            client, SubjectAccessReviewAuthorizer.Limits.DEFAULT, Ticker.systemTicker());
    if (mode == Mode.review) {
      return reviews;
    }
    RbacPolicy policy = new RbacPolicy();
    RbacInformers informers = new RbacInformers(watches, policy);
    parts.push(informers);
    return new ControlPlaneAuthorizer(
        policy, informers::synced, reviews, mode == Mode.rbacThenReview);
  }

  Authenticator authenticator() {
    return authenticator;
  }

  Authorizer authorizer() {
    return authorizer;
  }

  /** Those whose certificates are users, as of now. */
  Set<X509Certificate> clientAuthorities() {
    return clientAuthorities.certificates();
  }

  /** The route to the control plane, which is not asked what users may do if it is known here. */
  Route answeringSelfReviews(Route controlPlane) {
    return authorizer instanceof ControlPlaneAuthorizer known
        ? new SelfReviews(known, controlPlane)
        : controlPlane;
  }
}
