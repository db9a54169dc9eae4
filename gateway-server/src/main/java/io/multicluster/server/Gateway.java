package io.multicluster.server;

import com.sun.management.OperatingSystemMXBean;
import io.multicluster.admission.Admission;
import io.multicluster.authn.Impersonation;
import io.multicluster.cache.CacheOptions;
import io.multicluster.cache.CachedKind;
import io.multicluster.cache.ClusterCache;
import io.multicluster.cache.feed.FeedSettings;
import io.multicluster.cache.feed.KarmadaMembers;
import io.multicluster.cache.feed.MemberFeeds;
import io.multicluster.certs.ServingCertificates;
import io.multicluster.proxy.Kubeconfig;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamLimits;
import io.multicluster.proxy.Upstreams;
import io.multicluster.server.admission.AdmissionRoute;
import io.multicluster.server.admission.CachedMemberPods;
import io.multicluster.server.admission.ControlPlanePolicies;
import io.multicluster.server.admission.FilePolicies;
import io.multicluster.server.admission.JudgedWrites;
import io.multicluster.server.audit.AuditLog;
import io.multicluster.server.audit.AuditPolicy;
import io.multicluster.server.audit.AuditWebhook;
import io.multicluster.server.audit.Auditor;
import io.multicluster.server.audit.CrashRecovery;
import io.multicluster.server.config.GatewayConfiguration;
import io.multicluster.server.config.GatewayConfiguration.Member;
import io.multicluster.server.discovery.Discovery;
import io.multicluster.server.flowcontrol.FlowControl;
import io.multicluster.server.members.CachedWrites;
import io.multicluster.server.members.DirectWrites;
import io.multicluster.server.metrics.MetricSource;
import io.multicluster.server.metrics.ProcessMetrics;
import io.multicluster.server.metrics.RequestMetrics;
import io.multicluster.server.pipeline.Authenticate;
import io.multicluster.server.pipeline.Authorize;
import io.multicluster.server.pipeline.Impersonate;
import io.multicluster.server.pipeline.RequestPipeline;
import io.multicluster.server.route.CachedReads;
import io.multicluster.server.route.ControlPlaneRoute;
import io.multicluster.server.route.DiscoveryEndpoint;
import io.multicluster.server.route.GatheredReads;
import io.multicluster.server.route.HealthEndpoints;
import io.multicluster.server.route.MemberRoute;
import io.multicluster.server.route.MetricsEndpoint;
import io.multicluster.server.route.NotServed;
import io.multicluster.server.route.OfferedResources;
import io.multicluster.server.route.Router;
import io.multicluster.server.route.VersionEndpoint;
import io.multicluster.server.transport.EventLoops;
import io.multicluster.server.transport.HttpServer;
import io.multicluster.server.transport.TransportLimits;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running gateway, put together from its configuration: {@link #start} shows all parts and what
 * each is given.
 */
public final class Gateway implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

  private final HttpServer server;
  private final ClusterCache cache;
  private final Deque<AutoCloseable> parts;

  private Gateway(HttpServer server, ClusterCache cache, Deque<AutoCloseable> parts) {
    this.server = server;
    this.cache = cache;
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

    CrashRecovery recovery = CrashRecovery.scan(state.auditLog(configuration));
    AuditLog auditLog = AuditLog.open(state.auditLog(configuration));
    parts.push(auditLog);
    Path auditPolicy = configuration.audit().policyFile();
    Auditor auditor =
        new Auditor(
            auditPolicy == null ? AuditPolicy.DEFAULT : AuditPolicy.read(auditPolicy),
            auditLog,
            configuration.audit().maxBodyKilobytes() * 1024);

    Upstreams upstreams = new Upstreams(loops, UpstreamLimits.DEFAULT);
    List<MetricSource> told = new ArrayList<>();
    GatewayConfiguration.AuditWebhook hook = configuration.audit().webhook();
    if (hook != null) {
      AuditWebhook webhook =
          AuditWebhook.start(auditLog, upstreams, hook.configFile(), hook.maxBatchSize());
      parts.push(webhook);
      told.add(webhook);
    }
    UpstreamClient controlPlane =
        upstreams.open(
            configuration.controlPlane().name(),
            configuration.controlPlane().kubeconfig(),
            configuration.controlPlane().servers());
    parts.push(controlPlane);
    ServingCertificates serving = state.servingCertificates(configuration);
    refresher.every(Duration.ofSeconds(10), serving::refresh);
    Identity identity = Identity.start(configuration, state, controlPlane, refresher, parts);

    OfferedResources offered =
        new OfferedResources(
            configuration.resources().cachedResources(),
            configuration.resources().gatheredResources(),
            configuration.resources().allFederated()
                ? Set.of()
                : configuration.resources().federatedResources(),
            configuration.resources().allFederated());
    ClusterCache cache =
        new ClusterCache(
            CacheOptions.of(
                CachedKinds.of(configuration.resources().cachedResources()),
                configuration.controlPlane().name(),
                configuration.resources().managedFields(),
                state.cache()));
    parts.push(cache);
    MemberFeeds members = members(configuration, cache, upstreams, controlPlane, parts);

    parts.push(recovery);
    recovery.start(auditLog, new UpstreamObjects(controlPlane, offered, cache, members::client));
    FederationMembers owners = new FederationMembers(members, configuration.controlPlane().name());

    ControlPlaneDocuments documents = new ControlPlaneDocuments(controlPlane);
    Discovery discovery =
        new Discovery(
            documents,
            offered::isListed,
            GatheredKinds.of(configuration.resources().gatheredResources()),
            configuration.listen().address() + ":" + configuration.listen().port());
    discovery.start();
    parts.push(discovery);
    VersionEndpoint version = new VersionEndpoint(documents);
    refresher.every(Duration.ofSeconds(30), version::refresh);
    ControlPlanePolicies policies = new ControlPlanePolicies(controlPlane);
    refresher.every(Duration.ofMillis(500), policies::refresh);
    HealthEndpoints health =
        new HealthEndpoints(
            List.of(
                new HealthEndpoints.Check("control-plane", discovery::ready),
                new HealthEndpoints.Check("policies", policies::ready),
                new HealthEndpoints.Check("cache", cache::ready)));

    FilePolicies ownPolicies = new FilePolicies(configuration.admission().policyFiles());
    refresher.every(Duration.ofMillis(500), ownPolicies::refresh);
    Admission admission =
        new Admission(
            () ->
                Stream.concat(policies.policies().stream(), ownPolicies.policies().stream())
                    .toList(),
            CachedMemberPods.of(cache),
            configuration.admission().settings());

    RequestMetrics requests = new RequestMetrics();
    told.addAll(
        List.of(
            requests, new ClusterMetrics(cache, members), new ProcessMetrics(Version.current())));
    MetricsEndpoint metrics = new MetricsEndpoint(List.copyOf(told));

    Router router =
        new Router(
            offered,
            List.of(health, version, metrics, new DiscoveryEndpoint(discovery)),
            new Router.Routes(
                new CachedReads(cache),
                AdmissionRoute.cached(
                    new CachedWrites(
                        cache, owners, new JudgedWrites(new DirectWrites(), admission)),
                    admission),
                new GatheredReads(
                    () -> withoutControlPlane(members.clients(), controlPlane.name())),
                identity.answeringSelfReviews(
                    AdmissionRoute.federated(
                        new ControlPlaneRoute(controlPlane), admission, controlPlane)),
                AdmissionRoute.member(new MemberRoute(owners::member), admission, owners::member),
                new NotServed()));

    FlowControl flowControl = flowControl(configuration, state, cache, documents, refresher);
    RequestPipeline pipeline =
        new RequestPipeline(
            requests,
            new Authenticate(identity.authenticator()),
            auditor,
            new Impersonate(new Impersonation(identity.authorizer())),
            flowControl,
            new Authorize(identity.authorizer(), offered),
            router,
            Executors.newVirtualThreadPerTaskExecutor());

    HttpServer server =
        HttpServer.start(
            new InetSocketAddress(configuration.listen().address(), configuration.listen().port()),
            loops,
            EventLoops.serverChannel(),
            new CurrentTls(serving::current, identity::clientAuthorities),
            TransportLimits.DEFAULT.withMaxConnections(configuration.listen().maxConnections()),
            pipeline);
    parts.push(server);
    identity.endConnectionsOfRevoked(server);
    LOG.atInfo()
        .addKeyValue("address", server.address())
        .addKeyValue("version", Version.current())
        .log("Serving");
    return new Gateway(server, cache, parts);
  }

  private static FlowControl flowControl(
      GatewayConfiguration configuration,
      StateFolder state,
      ClusterCache cache,
      ControlPlaneDocuments documents,
      Refresher refresher) {
    CacheSizes sizes = new CacheSizes(cache);
    FlowControl flowControl =
        new FlowControl(
            configuration.flowControl().maxRequestsInFlight(),
            configuration.flowControl().maxLongRunningPerUser(),
            sizes::looksAt);
    refresher.every(
        Duration.ofSeconds(10),
        () -> {
          sizes.refresh();
          flowControl.lend();
        });
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      refresher.every(Duration.ofMillis(200), () -> flowControl.adapt(system.getCpuLoad()));
    }
    if (configuration.flowControl().fromControlPlane()) {
      refresher.every(
          Duration.ofSeconds(10), new ControlPlanePriorities(documents, flowControl)::refresh);
    }
    refresher.every(
        Duration.ofSeconds(1), new EmergencySwitch(state.emergencyFile(), flowControl)::refresh);
    return flowControl;
  }

  /**
   * Members of the file and, if it says so, those that the control plane knows. What happens to
   * federated objects is told by the control plane's own Events: they are shown beside the
   * members'.
   */
  private static MemberFeeds members(
      GatewayConfiguration configuration,
      ClusterCache cache,
      Upstreams upstreams,
      UpstreamClient controlPlane,
      Deque<AutoCloseable> parts)
      throws IOException {
    MemberFeeds members = new MemberFeeds(cache, upstreams::open, FeedSettings.DEFAULT);
    parts.push(members);
    members.put(
        upstreams.open(
            configuration.controlPlane().name(),
            configuration.controlPlane().kubeconfig(),
            configuration.controlPlane().servers()),
        kind -> kind.equals(CachedKind.EVENTS));
    Set<String> named = new HashSet<>();
    for (Member member : configuration.members().fixed()) {
      named.add(member.name());
      members.put(upstreams.open(member.name(), member.kubeconfig()), _ -> true);
    }
    if (!configuration.members().fromControlPlane()) {
      members.initialMembersPut();
      return members;
    }
    KarmadaMembers joined =
        new KarmadaMembers(
            controlPlane,
            Kubeconfig.read(configuration.controlPlane().kubeconfig()),
            named,
            members,
            FeedSettings.DEFAULT);
    parts.push(joined);
    joined.start();
    joined.membersRead().thenRun(members::initialMembersPut);
    return members;
  }

  /** The control plane is followed like a member, for its Events, but is none. */
  private static Map<String, UpstreamClient> withoutControlPlane(
      Map<String, UpstreamClient> followed, String controlPlane) {
    followed.remove(controlPlane);
    return followed;
  }

  /** Where clients connect, with the port that was found. */
  public InetSocketAddress address() {
    return server.address();
  }

  /** Takes no new requests and waits for those under way, at most for {@code patience}. */
  public void drain(Duration patience) {
    try {
      cache.drain();
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
