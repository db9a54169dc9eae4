package io.multicluster.cache.feed;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamConfig;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows Karmada's {@code clusters.cluster.karmada.io} in the control plane, and the Secrets that
 * they refer to: members join, leave, move and get new credentials while running. Clusters in push
 * mode are talked to at their own endpoint, those in pull mode through the control plane's proxy
 * for them.
 */
public final class KarmadaMembers implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KarmadaMembers.class);
  private static final String CLUSTERS = "/apis/cluster.karmada.io/v1alpha1/clusters";

  private final UpstreamClient controlPlane;
  private final UpstreamConfig controlPlaneConfig;
  private final Set<String> staticMembers;
  private final MemberFeeds members;
  private final FeedSettings settings;
  private final CompletableFuture<Void> read = new CompletableFuture<>();

  // Changes are heard on event loops and acted upon by one thread of our own: leaving waits.
  private final Semaphore changes = new Semaphore(0);
  private final ObjectStore clusters = new ObjectStore(changes::release);
  private final Thread reconciler = Thread.ofVirtual().name("members").unstarted(this::reconcile);

  // All below belongs to the reconciler.
  private final Map<String, ObjectStore> secretsByNamespace = new HashMap<>();
  private final List<Thread> reflectors = new ArrayList<>();
  private final Map<String, String> problems = new HashMap<>();
  private Set<String> current = new HashSet<>();

  /**
   * @param staticMembers names that the configuration gives by kubeconfig: those win
   */
  public KarmadaMembers(
      UpstreamClient controlPlane,
      UpstreamConfig controlPlaneConfig,
      Set<String> staticMembers,
      MemberFeeds members,
      FeedSettings settings) {
    this.controlPlane = controlPlane;
    this.controlPlaneConfig = controlPlaneConfig;
    this.staticMembers = Set.copyOf(staticMembers);
    this.members = members;
    this.settings = settings;
  }

  public void start() {
    reconciler.start();
  }

  /** Completes when the members that the control plane knows at the start have been put. */
  public CompletableFuture<Void> membersRead() {
    return read;
  }

  @Override
  public void close() {
    reconciler.interrupt();
  }

  private void reflect(String path, ObjectStore store) {
    Reflector reflector =
        new Reflector(
            controlPlane,
            path,
            new JsonFormat(),
            store,
            settings,
            ThreadLocalRandom.current(),
            () -> {});
    reflectors.add(Thread.ofVirtual().name("members " + path).start(reflector));
  }

  private void reconcile() {
    try {
      reflect(CLUSTERS, clusters);
      while (true) {
        changes.acquire();
        changes.drainPermits();
        apply();
      }
    } catch (InterruptedException e) {
      reflectors.forEach(Thread::interrupt);
    }
  }

  private void apply() {
    Set<String> wanted = new HashSet<>();
    boolean complete = clusters.synced();
    for (JsonNode cluster : clusters.objects().values()) {
      String name = cluster.path("metadata").path("name").asText();
      if (staticMembers.contains(name)) {
        continue;
      }
      wanted.add(name);
      JsonNode spec = cluster.path("spec");
      boolean pull = spec.path("syncMode").asText().equals("Pull");
      ObjectStore secrets = pull ? null : secrets(spec.path("secretRef"));
      if (secrets != null && !secrets.synced()) {
        complete = false;
        continue;
      }
      try {
        members.put(name, pull ? viaControlPlane(name) : direct(spec, secrets));
        problems.remove(name);
      } catch (IllegalArgumentException e) {
        // Of an object that somebody is still writing, or got wrong: the last good one stays.
        if (!String.valueOf(e.getMessage())
            .equals(problems.put(name, String.valueOf(e.getMessage())))) {
          log.atWarn()
              .addKeyValue("cluster", name)
              .addKeyValue("error", e.getMessage())
              .log("a Cluster object can't be used");
        }
      }
    }
    if (clusters.synced()) {
      current.stream().filter(name -> !wanted.contains(name)).forEach(members::remove);
      current = wanted;
    }
    if (complete) {
      read.complete(null);
    }
  }

  /** The Secrets of the namespace referred to, followed from the first reference on. */
  private @Nullable ObjectStore secrets(JsonNode secretRef) {
    String namespace = secretRef.path("namespace").asText("");
    if (namespace.isEmpty()) {
      return null;
    }
    ObjectStore known = secretsByNamespace.get(namespace);
    if (known == null) {
      known = new ObjectStore(changes::release);
      secretsByNamespace.put(namespace, known);
      reflect("/api/v1/namespaces/" + namespace + "/secrets", known);
    }
    return known;
  }

  private UpstreamConfig viaControlPlane(String name) {
    return controlPlaneConfig.withServers(
        controlPlaneConfig.servers().stream()
            .map(server -> URI.create(trimmed(server) + CLUSTERS + "/" + name + "/proxy"))
            .toList());
  }

  private static String trimmed(URI server) {
    String text = server.toString();
    return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
  }

  private static UpstreamConfig direct(JsonNode spec, @Nullable ObjectStore secrets) {
    String endpoint = spec.path("apiEndpoint").asText("");
    if (endpoint.isEmpty()) {
      throw new IllegalArgumentException("spec.apiEndpoint is empty");
    }
    UpstreamConfig config = UpstreamConfig.of(URI.create(endpoint));
    JsonNode ref = spec.path("secretRef");
    String key = ref.path("namespace").asText("") + "/" + ref.path("name").asText("");
    JsonNode secret = secrets == null ? null : secrets.objects().get(key);
    if (secret == null) {
      throw new IllegalArgumentException("spec.secretRef names a Secret that is not there: " + key);
    }
    String token = decoded(secret, "token");
    if (token.isEmpty()) {
      throw new IllegalArgumentException("Secret " + key + " has no token");
    }
    config = config.withBearerToken(token.strip());
    String caBundle = decoded(secret, "caBundle");
    if (spec.path("insecureSkipTLSVerification").asBoolean()) {
      config = config.withInsecureSkipTlsVerify();
    } else if (!caBundle.isEmpty()) {
      config = config.withCertificateAuthority(caBundle);
    }
    String proxy = spec.path("proxyURL").asText("");
    return proxy.isEmpty() ? config : config.withProxy(URI.create(proxy));
  }

  private static String decoded(JsonNode secret, String key) {
    String encoded = secret.path("data").path(key).asText("");
    return new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
  }
}
