package io.multicluster.server;

import com.github.benmanes.caffeine.cache.Ticker;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.Authorizer;
import io.multicluster.authn.rbac.ControlPlaneAuthorizer;
import io.multicluster.authn.rbac.RbacInformers;
import io.multicluster.authn.rbac.RbacPolicy;
import io.multicluster.authn.review.ReviewClient;
import io.multicluster.authn.review.SubjectAccessReviewAuthorizer;
import io.multicluster.certs.RevocationInformer;
import io.multicluster.certs.Revocations;
import io.multicluster.certs.SigningRequests;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.server.config.GatewayConfiguration;
import io.multicluster.server.config.GatewayConfiguration.Authorization.Mode;
import io.multicluster.server.review.SelfReviews;
import io.multicluster.server.route.Route;
import io.multicluster.server.transport.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Deque;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who may come in, and what they may do, as the configuration says. */
final class Identity {
  private static final Logger LOG = LoggerFactory.getLogger(Identity.class);

  /** How soon a revocation in a file is seen. */
  private static final Duration FILE_POLL = Duration.ofSeconds(1);

  /** The longest life of a certificate that somebody requests, and of one that names none. */
  private static final Duration LONGEST_REQUESTED = Duration.ofDays(365);

  private final Authenticators authenticators;
  private final Authorizer authorizer;
  private final Revocations revocations;

  private Identity(Authenticators authenticators, Authorizer authorizer, Revocations revocations) {
    this.authenticators = authenticators;
    this.authorizer = authorizer;
    this.revocations = revocations;
  }

  /**
   * Begins to read and watch what users and permissions depend on, and to sign what was approved;
   * returns at once.
   *
   * @param parts gets what is to be closed
   * @throws IOException if a file can't be read
   * @throws IllegalArgumentException if the content of a file can't be used; the message names it
   */
  static Identity start(
      GatewayConfiguration configuration,
      StateFolder state,
      UpstreamClient controlPlane,
      Refresher refresher,
      Deque<AutoCloseable> parts)
      throws IOException {
    KubernetesClient client = ControlPlaneClient.of(configuration);
    parts.push(client);
    UserCertificates certificates = UserCertificates.of(configuration, state, client);
    ReviewClient reviews = new ControlPlaneReviews(controlPlane);
    Revocations revocations = new Revocations();
    Authenticators authenticators =
        new Authenticators(
            configuration.authentication(),
            state.clientAuthorities(configuration),
            revocations::includes,
            reviews,
            refresher);
    Authorizer authorizer =
        authorizer(configuration.authorization().mode(), reviews, client, parts);
    follow(revocations, configuration.certificates(), certificates, client, refresher, parts);
    if (certificates.hasAuthority()) {
      parts.push(
          new SigningRequests(
              client,
              configuration.certificates().signerName(),
              certificates.issuing(),
              certificates.inventory(),
              LONGEST_REQUESTED,
              Clock.systemUTC()));
    }
    return new Identity(authenticators, authorizer, revocations);
  }

  private static void follow(
      Revocations revocations,
      GatewayConfiguration.Certificates configuration,
      UserCertificates certificates,
      KubernetesClient client,
      Refresher refresher,
      Deque<AutoCloseable> parts) {
    switch (configuration.inventory()) {
      case controlPlane ->
          parts.push(new RevocationInformer(client, configuration.namespace(), revocations));
      case file ->
          refresher.every(
              FILE_POLL,
              () -> {
                try {
                  revocations.update(certificates.inventory().contents());
                } catch (IOException e) {
                  throw new UncheckedIOException(e.getMessage(), e);
                }
              });
    }
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
    return authenticators.chain();
  }

  Authorizer authorizer() {
    return authorizer;
  }

  /** Those whose certificates are of use here, as of now. */
  Set<X509Certificate> clientAuthorities() {
    return authenticators.authorities();
  }

  /** The route to the control plane, which is not asked what users may do if it is known here. */
  Route answeringSelfReviews(Route controlPlane) {
    return authorizer instanceof ControlPlaneAuthorizer known
        ? new SelfReviews(known, controlPlane)
        : controlPlane;
  }

  /** From now on a revocation ends what its holder has open. */
  void endConnectionsOfRevoked(HttpServer server) {
    revocations.onChange(() -> {
      int ended = server.closeConnections(authenticators::revoked);
      if (ended > 0) {
        LOG.atInfo().addKeyValue("connections", ended).log("Revoked users were disconnected");
      }
    });
  }
}
