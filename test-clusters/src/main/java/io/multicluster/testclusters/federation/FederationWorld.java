package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.multicluster.testclusters.ClusterProvider;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import io.multicluster.testclusters.TestClusterException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A federation at work: a control plane with the kinds CloneSet, WorkloadScaler and Cluster, the
 * members {@code test1}, {@code test2} and {@code test3} registered in it, and CloneSet {@code
 * default/rsi-app} running in test1 and test3. Scale it, and pods come and go; so do those of any
 * other CloneSet.
 *
 * <p>In the control plane, group {@code dev} may work with the kinds that a gateway offers, group
 * {@code viewers} may look at them, and others may do nothing. Thread-safe.
 */
public final class FederationWorld implements AutoCloseable {
  public static final String CONTROL_PLANE = "control-plane";
  public static final List<String> MEMBERS = List.of("test1", "test2", "test3");

  private static final String NAMESPACE = "default";
  private static final String APP = "rsi-app";

  /** Slow enough to be seen in {@code kubectl get pod -w}, fast enough not to be waited for. */
  private static final Duration PACE = Duration.ofMillis(400);

  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Duration POLL = Duration.ofMillis(100);

  private final TestCluster controlPlane;
  private final KubernetesClient client;
  private final CloneSetPropagation propagation;
  private final Map<String, Registration> registrations = new LinkedHashMap<>();

  private int joined;

  /**
   * Makes {@code controlPlane} the centre of a federation without members; owns it from then on.
   */
  private FederationWorld(TestCluster controlPlane) {
    this.controlPlane = controlPlane;
    this.client = Clients.impatient(controlPlane.access());
    try (KubernetesClient patient = controlPlane.access().client()) {
      Manifests.create(patient, "clonesets.yaml");
      Manifests.create(patient, "workloadscalers.yaml");
      Manifests.create(patient, "clusters.yaml");
      Manifests.create(patient, "control-plane.yaml");
      Manifests.awaitServed(patient, CloneSet.PATH);
      Manifests.awaitServed(patient, Registration.PATH);
      Manifests.awaitServed(patient, "/apis/crd.xiaohongshu.com/v1alpha1/workloadscalers");
    }
    this.propagation = new CloneSetPropagation(client);
  }

  /**
   * Starts all four clusters side by side and waits until {@code rsi-app} runs.
   *
   * @param folder gets a folder and a {@code NAME.kubeconfig} for each cluster
   * @param live whether members have controllers, a scheduler and kubelets of their own
   * @param progress hears of each step, from any thread
   */
  public static FederationWorld start(
      ClusterProvider provider, Path folder, boolean live, Consumer<String> progress) {
    List<TestCluster> clusters = startAll(provider, folder, live, progress);
    FederationWorld world;
    try {
      writeKubeconfigs(folder, clusters);
      world = new FederationWorld(clusters.getFirst());
    } catch (RuntimeException e) {
      Closing.all(clusters);
      throw e;
    }
    try {
      inParallel(
          clusters.stream().skip(1).map(member -> callable(() -> world.join(member))).toList());
      progress.accept("members have joined; starting " + APP);
      world.runApp();
      return world;
    } catch (RuntimeException e) {
      world.close();
      throw e;
    }
  }

  /**
   * A world of bare real clusters that all tests of this JVM share, started by the first who asks
   * and ended with the JVM. Skips the calling test where real clusters can't be had, and fails it
   * there in CI. Tests leave it as they found it: they work in namespaces of their own, or undo
   * what they did.
   */
  public static FederationWorld shared() {
    RealClusters.assumeAvailable();
    return Shared.WORLD;
  }

  /**
   * Holds the shared world once somebody asks for it. Its logs stay until the module is cleaned.
   */
  private static final class Shared {
    static final FederationWorld WORLD = startShared();

    private static FederationWorld startShared() {
      Path folder = Path.of("target", "federation-" + ProcessHandle.current().pid());
      System.err.println("a shared federation starts; its logs are in " + folder.toAbsolutePath());
      FederationWorld world =
          start(new RealClusters(System.err::println), folder, false, System.err::println);
      Runtime.getRuntime().addShutdownHook(new Thread(world::close, "close-shared-federation"));
      return world;
    }
  }

  public TestCluster controlPlane() {
    return controlPlane;
  }

  /** In the order in which they joined. */
  public synchronized List<TestCluster> members() {
    return registrations.values().stream()
        .map(registration -> registration.member().cluster())
        .toList();
  }

  /**
   * @throws IllegalArgumentException if no member has that name
   */
  public synchronized TestCluster member(String name) {
    Registration registration = registrations.get(name);
    if (registration == null) {
      throw new IllegalArgumentException("no member " + name + " in " + registrations.keySet());
    }
    return registration.member().cluster();
  }

  /** Makes a running cluster a member, be it again, and its owner this world. */
  public void join(TestCluster cluster) {
    Member member = new Member(cluster, nextNumber(), PACE);
    Registration registration = new Registration(client, member);
    synchronized (this) {
      registrations.put(member.name(), registration);
    }
    propagation.join(member);
  }

  /**
   * Takes a member out of the federation. The cluster runs on as it is, and is the caller's again.
   */
  public TestCluster leave(String name) {
    Registration registration;
    synchronized (this) {
      registration = registrations.remove(name);
    }
    if (registration == null) {
      throw new IllegalArgumentException("no member " + name);
    }
    Member member = registration.member();
    propagation.leave(member);
    registration.remove();
    member.close();
    return member.cluster();
  }

  /** Ends the stand-in and all clusters. */
  @Override
  public synchronized void close() {
    List<AutoCloseable> parts = new ArrayList<>();
    parts.add(controlPlane);
    registrations.values().forEach(registration -> parts.add(registration.member().cluster()));
    parts.add(client);
    registrations.values().forEach(registration -> parts.add(registration.member()));
    parts.addAll(registrations.values());
    parts.add(propagation);
    registrations.clear();
    Closing.all(parts);
  }

  private synchronized int nextNumber() {
    return ++joined;
  }

  private void runApp() {
    try (KubernetesClient patient = controlPlane.access().client()) {
      Manifests.create(patient, "rsi-app.yaml");
      awaitRunning(patient);
    }
    try (KubernetesClient patient = member("test3").access().client()) {
      giveOnePodAPast(patient);
    }
  }

  private static void awaitRunning(KubernetesClient client) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      CloneSet app =
          new CloneSet(
              Objects.requireNonNull(
                  client
                      .genericKubernetesResources(CloneSet.TYPE)
                      .inNamespace(NAMESPACE)
                      .withName(APP)
                      .get()));
      if (app.counts().updatedReady() == app.replicas()) {
        return;
      }
      if (System.nanoTime() - deadline > 0) {
        throw new TestClusterException(
            "%s has %s after %d s, not %d ready pods"
                .formatted(APP, app.counts(), LIMIT.toSeconds(), app.replicas()));
      }
      LockSupport.parkNanos(POLL.toNanos());
    }
  }

  /** Nothing looks less real than a cluster without a single restart. */
  private static void giveOnePodAPast(KubernetesClient member) {
    Pod pod =
        member.pods().inNamespace(NAMESPACE).withLabel("app", APP).list().getItems().getFirst();
    member
        .resource(
            new PodBuilder(pod).withStatus(PodStatuses.restarted(pod, 2, 137, "OOMKilled")).build())
        .updateStatus();
  }

  private static List<TestCluster> startAll(
      ClusterProvider provider, Path folder, boolean live, Consumer<String> progress) {
    List<TestCluster> started = Collections.synchronizedList(new ArrayList<>());
    List<Callable<TestCluster>> starts =
        Stream.concat(Stream.of(CONTROL_PLANE), MEMBERS.stream())
            .map(name ->
                (Callable<TestCluster>)
                    () -> {
                      boolean isMember = !name.equals(CONTROL_PLANE);
                      TestCluster cluster =
                          provider.start(
                              new ClusterSpec(
                                  name, folder.resolve(name), 0, live && isMember, List.of()));
                      started.add(cluster);
                      progress.accept(name + " serves at " + cluster.access().server());
                      return cluster;
                    })
            .toList();
    try {
      return inParallel(starts);
    } catch (RuntimeException e) {
      Closing.all(started);
      throw e;
    }
  }

  private static void writeKubeconfigs(Path folder, List<TestCluster> clusters) {
    try {
      for (TestCluster cluster : clusters) {
        cluster.access().writeKubeconfig(folder.resolve(cluster.name() + ".kubeconfig"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Callable<Boolean> callable(Runnable work) {
    return () -> {
      work.run();
      return true;
    };
  }

  /** Runs all of them, whatever becomes of the others, and throws the first failure. */
  private static <T> List<T> inParallel(List<Callable<T>> work) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<T> results = new ArrayList<>();
      for (Future<T> result : threads.invokeAll(work)) {
        results.add(result.get());
      }
      return results;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new TestClusterException("can't start the federation", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestClusterException("interrupted while the federation started", e);
    }
  }
}
