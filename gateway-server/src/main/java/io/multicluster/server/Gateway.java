package io.multicluster.server;

import com.github.benmanes.caffeine.cache.Ticker;
import io.multicluster.authn.AnonymousAccess;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.AuthenticatorChain;
import io.multicluster.authn.Authorizer;
import io.multicluster.authn.Impersonation;
import io.multicluster.authn.review.SubjectAccessReviewAuthorizer;
import io.multicluster.authn.x509.CaFiles;
import io.multicluster.authn.x509.X509Authenticator;
import io.multicluster.certs.FileInventory;
import io.multicluster.certs.Revocations;
import io.multicluster.certs.ServingCertificates;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamLimits;
import io.multicluster.proxy.Upstreams;
import io.multicluster.server.config.GatewayConfiguration;
import io.multicluster.server.config.GatewayConfiguration.Member;
import io.multicluster.server.discovery.Discovery;
import io.multicluster.server.pipeline.Audit;
import io.multicluster.server.pipeline.Authenticate;
import io.multicluster.server.pipeline.Authorize;
import io.multicluster.server.pipeline.FlowControl;
import io.multicluster.server.pipeline.Impersonate;
import io.multicluster.server.pipeline.RequestPipeline;
import io.multicluster.server.route.ControlPlaneRoute;
import io.multicluster.server.route.DiscoveryEndpoint;
import io.multicluster.server.route.HealthEndpoints;
import io.multicluster.server.route.MemberRoute;
import io.multicluster.server.route.NotServed;
import io.multicluster.server.route.OfferedResources;
import io.multicluster.server.route.Router;
import io.multicluster.server.route.VersionEndpoint;
import io.multicluster.server.transport.EventLoops;
import io.multicluster.server.transport.HttpServer;
import io.multicluster.server.transport.TransportLimits;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running gateway, put together from its configuration: {@link #start} shows all parts and what
 * each is given.
 */
public final class Gateway implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

  private final HttpServer server;
  private final Deque<AutoCloseable> parts;

  private Gateway(HttpServer server, Deque<AutoCloseable> parts) {
    this.server = server;
    this.parts = parts;
  }

  /**
   * Starts everything; what the gateway talks to need not be there yet.
   *
   * @throws IOException if a file can't be read, or the port is taken
   * @throws IllegalArgumentException if the content of a file can't be used; the message names it
   */
  public static Gateway start(GatewayConfiguration configuration) throws IOException {
    Deque<AutoCloseable> parts = new ArrayDeque<>();
    try {
      return start(configuration, parts);
    } catch (IOException | RuntimeException e) {
      closeAll(parts);
      throw e;
    }
  }

  private static Gateway start(GatewayConfiguration configuration, Deque<AutoCloseable> parts)
      throws IOException {
    final StateFolder state = StateFolder.of(configuration);
    EventLoopGroup loops =
        Upstreams.eventLoops("event-loop", Runtime.getRuntime().availableProcessors());
    parts.push(() -> loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly());
    Refresher refresher = new Refresher();
    parts.push(refresher);

    Upstreams upstreams = new Upstreams(loops, UpstreamLimits.DEFAULT);
    UpstreamClient controlPlane =
        upstreams.open(
            configuration.controlPlane().name(), configuration.controlPlane().kubeconfig());
    parts.push(controlPlane);
    Map<String, UpstreamClient> members = new HashMap<>();
    for (Member member : configuration.members().fixed()) {
      UpstreamClient client = upstreams.open(member.name(), member.kubeconfig());
      members.put(member.name(), client);
      parts.push(client);
    }

    ServingCertificates serving = state.servingCertificates(configuration);
    refresher.every(Duration.ofSeconds(10), serving::refresh);
    CaFiles clientAuthorities = new CaFiles(state.clientAuthorities(configuration));
    refresher.every(Duration.ofSeconds(10), clientAuthorities::reload);

    Authorizer authorizer =
        new SubjectAccessReviewAuthorizer(
            new ControlPlaneReviews(controlPlane),
            SubjectAccessReviewAuthorizer.Limits.DEFAULT,
            Ticker.systemTicker());

    OfferedResources offered =
        new OfferedResources(
            configuration.resources().cachedResources(),
            configuration.resources().allFederated()
                ? java.util.Set.of()
                : configuration.resources().federatedResources(),
            configuration.resources().allFederated());
    ControlPlaneDocuments documents = new ControlPlaneDocuments(controlPlane);
    Discovery discovery =
        new Discovery(
            documents,
            offered::isListed,
            configuration.listen().address() + ":" + configuration.listen().port());
    discovery.start();
    parts.push(discovery);
    VersionEndpoint version = new VersionEndpoint(documents);
    refresher.every(Duration.ofSeconds(30), version::refresh);
    HealthEndpoints health =
        new HealthEndpoints(List.of(new HealthEndpoints.Check("control-plane", discovery::ready)));

    Router router =
        new Router(
            offered,
            List.of(health, version, new DiscoveryEndpoint(discovery)),
            new Router.Routes(
                new NotServed(),
                new NotServed(),
                new ControlPlaneRoute(controlPlane),
                new MemberRoute(members::get),
                new NotServed()));

    RequestPipeline pipeline =
        new RequestPipeline(
            new Authenticate(authenticator(state, refresher, clientAuthorities)),
            new Audit(),
            new Impersonate(new Impersonation(authorizer)),
            FlowControl.ofKubeApiserver(),
            new Authorize(authorizer, offered),
            router,
            Executors.newVirtualThreadPerTaskExecutor());

    HttpServer server =
        HttpServer.start(
            new InetSocketAddress(configuration.listen().address(), configuration.listen().port()),
            loops,
            EventLoops.serverChannel(),
            new CurrentTls(serving::current, clientAuthorities::certificates),
            TransportLimits.DEFAULT.withMaxConnections(configuration.listen().maxConnections()),
            pipeline);
    parts.push(server);
    LOG.atInfo()
        .addKeyValue("address", server.address())
        .addKeyValue("version", Version.current())
        .log("Serving");
    return new Gateway(server, parts);
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
            LOG.error("The inventory of certificates can't be read: the last state stays", e);
          }
        });
    return new AuthenticatorChain(
        List.of(new X509Authenticator(clientAuthorities, revocations::includes, Clock.systemUTC())),
        AnonymousAccess.HEALTH);
  }

  /** Where clients connect, with the port that was found. */
  public InetSocketAddress address() {
    return server.address();
  }

  /** Takes no new requests and waits for those under way, at most for {@code patience}. */
  public void drain(Duration patience) {
    try {
      if (!server.drain(patience)) {
        LOG.warn("Some requests were still under way and are broken off");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends everything at once. */
  @Override
  public void close() {
    closeAll(parts);
  }

  /** The last started first. */
  private static void closeAll(Deque<AutoCloseable> parts) {
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        LOG.warn("A part of the gateway did not close", e);
      }
    }
  }
}
