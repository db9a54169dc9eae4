import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.multicluster.testclusters.ClusterAccess;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.Folders;
import io.multicluster.testclusters.simulated.PodLoad;
import io.multicluster.testclusters.simulated.SimulatedCluster;
import io.multicluster.testclusters.simulated.SimulatedClusters;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A gateway over very many simulated members: how long it takes to have all their pods, what it
 * occupies, and whether it serves while they change. Started by {@code scale}, from its source.
 *
 * <p>Arguments: the gateway's program, members, pods of each, changes a second in all, seconds of
 * change.
 */
final class Scale {
  private static final Pattern REMAINING = Pattern.compile("\"remainingItemCount\": ?([0-9]+)");
  private static final int WATCHERS = 3;
  private static final Duration PATIENCE = Duration.ofMinutes(15);

  private final Path folder;
  private final Process gateway;
  private final KubernetesClient client;

  private Scale(Path folder, Process gateway, KubernetesClient client) {
    this.folder = folder;
    this.gateway = gateway;
    this.client = client;
  }

  public static void main(String[] args) throws Exception {
    String program = args[0];
    int members = Integer.parseInt(args[1]);
    int pods = Integer.parseInt(args[2]);
    int changes = Integer.parseInt(args[3]);
    int seconds = Integer.parseInt(args[4]);
    Path folder = Files.createTempDirectory("scale-");
    try (SimulatedClusters clusters = new SimulatedClusters()) {
      SimulatedCluster control = clusters.start(ClusterSpec.bare("federation", folder.resolve("f")));
      List<PodLoad> loads = new ArrayList<>();
      StringBuilder list = new StringBuilder();
      for (int i = 0; i < members; i++) {
        String name = "member-%03d".formatted(i);
        SimulatedCluster member = clusters.start(ClusterSpec.bare(name, folder.resolve(name)));
        loads.add(member.load(PodLoad.Spec.of(pods, i + 1)));
        list.append("    - {name: %s, kubeconfig: %s}\n".formatted(name, member.kubeconfig()));
      }
      say("%d members of %d pods are up", members, pods);
      int port = freePort();
      Files.writeString(folder.resolve("ca.crt"), control.access().caCertificate());
      Path configuration = folder.resolve("gateway.yaml");
      Files.writeString(
          configuration,
          """
          apiVersion: multicluster.io/v1alpha1
          kind: GatewayConfiguration
          listen: {address: 127.0.0.1, port: %d}
          authentication: {clientCAFiles: [ca.crt]}
          controlPlane: {name: federation, kubeconfig: %s}
          members:
            static:
          %sresources: {cached: [pods, events], federated: [configmaps]}
          """
              .formatted(port, control.kubeconfig(), list));
      Process gateway =
          new ProcessBuilder(program, "serve", "--config", configuration.toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("gateway.log").toFile())
              .start();
      Runtime.getRuntime().addShutdownHook(new Thread(gateway::destroyForcibly));
      try (KubernetesClient client = client(control.accessAs("bench", "system:masters"), port)) {
        new Scale(folder, gateway, client).run((long) members * pods, loads, changes, seconds);
      } finally {
        gateway.destroyForcibly().waitFor();
      }
    }
    // Gigabytes at a million pods. What failed stays to be looked at.
    Folders.delete(folder);
    System.exit(0);
  }

  private static KubernetesClient client(ClusterAccess user, int port) {
    Config config = Config.fromKubeconfig(user.kubeconfig());
    config.setMasterUrl("https://127.0.0.1:" + port);
    config.setTrustCerts(true);
    config.setDisableHostnameVerification(true);
    config.setRequestTimeout(60_000);
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  private void run(long pods, List<PodLoad> loads, int changes, int seconds) throws Exception {
    long start = System.nanoTime();
    long most = 0;
    while (seen() < pods) {
      if (!gateway.isAlive() || System.nanoTime() - start > PATIENCE.toNanos()) {
        throw new IllegalStateException("the gateway has " + seen() + " pods; see " + folder);
      }
      most = Math.max(most, resident());
      TimeUnit.MILLISECONDS.sleep(500);
    }
    say(
        "all %d pods are there after %.1f s: %.0f µs CPU a pod, the start of the program included;"
            + " %d MiB resident, %d at most",
        pods,
        (System.nanoTime() - start) / 1e9,
        cpuSeconds() * 1e6 / pods,
        resident() >> 20,
        most >> 20);
    settle();
    say("%d MiB resident after garbage collection: %d B a pod", resident() >> 20, resident() / pods);
    AtomicLong done = new AtomicLong();
    for (PodLoad load : loads) {
      load.churn((double) changes / loads.size(), _ -> done.incrementAndGet());
    }
    double before = cpuSeconds();
    long churning = System.nanoTime();
    List<Double> answers = new ArrayList<>();
    while (System.nanoTime() - churning < TimeUnit.SECONDS.toNanos(seconds)) {
      long asked = System.nanoTime();
      client.raw("/api/v1/namespaces/team-000/pods?limit=500");
      answers.add((System.nanoTime() - asked) / 1e6);
      TimeUnit.MILLISECONDS.sleep(200);
    }
    double time = (System.nanoTime() - churning) / 1e9;
    loads.forEach(PodLoad::stopChurn);
    TimeUnit.SECONDS.sleep(2);
    say("a change at a member reaches a watcher within: %s", latency(loads.getFirst(), seconds));
    answers.sort(null);
    say(
        "%.0f changes a second for %.0f s: %.2f cores, %.0f µs a change; %d MiB resident; a page of"
            + " 500 pods in %.0f ms (median of %d), %.0f at most",
        done.get() / time,
        time,
        (cpuSeconds() - before) / time,
        (cpuSeconds() - before) * 1e6 / Math.max(1, done.get()),
        resident() >> 20,
        answers.get(answers.size() / 2),
        answers.size(),
        answers.getLast());
  }

  /**
   * Changes pods of the first member, 1,000 a second, while three watch them through the gateway.
   * Events come in the order of the changes, so the time of each is known.
   */
  private String latency(PodLoad load, int seconds) throws InterruptedException {
    int changes = 1000 * seconds;
    long[] made = new long[changes];
    long[] arrived = new long[changes];
    AtomicInteger open = new AtomicInteger();
    CountDownLatch complete = new CountDownLatch(WATCHERS);
    for (int i = 0; i < WATCHERS; i++) {
      // All take everything, the first keeps the time.
      long[] times = i == 0 ? arrived : new long[changes];
      watch(new FrameCounter(times, complete), open);
    }
    while (open.get() < WATCHERS) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    TimeUnit.SECONDS.sleep(1);
    long start = System.nanoTime();
    for (int i = 0; i < changes; i++) {
      while (System.nanoTime() - start < i * 1_000_000L) {
        LockSupport.parkNanos(50_000);
      }
      made[i] = System.nanoTime();
      load.changeOne();
    }
    if (!complete.await(1, TimeUnit.MINUTES)) {
      throw new IllegalStateException("changes are missing; see " + folder);
    }
    double time = (System.nanoTime() - start) / 1e9;
    double[] later = new double[changes];
    for (int i = 0; i < changes; i++) {
      later[i] = (arrived[i] - made[i]) / 1e6;
    }
    Arrays.sort(later);
    return "%.2f ms (p50), %.2f ms (p99), %.2f ms (most), at %.0f changes a second"
        .formatted(later[changes / 2], later[changes * 99 / 100], later[changes - 1], changes / time);
  }

  private void watch(FrameCounter frames, AtomicInteger open) {
    HttpClient http = client.getHttpClient();
    HttpRequest request =
        http.newHttpRequestBuilder()
            .uri(client.getMasterUrl() + "clusters/member-000/api/v1/pods?watch=1&sendInitialEvents=false"
                    + "&resourceVersionMatch=NotOlderThan&timeoutSeconds=600")
            .header("Accept", "application/vnd.kubernetes.protobuf;stream=watch")
            .timeout(0, TimeUnit.SECONDS)
            .build();
    var _ =
        http.consumeBytes(
                request,
                (parts, body) -> {
                  parts.forEach(frames::accept);
                  body.consume();
                })
            .thenAccept(
                response -> {
                  open.incrementAndGet();
                  response.body().consume();
                });
  }

  /** Notes when each frame of a watch in protobuf, a length and as many bytes, was complete. */
  private static final class FrameCounter {
    private final long[] times;
    private final CountDownLatch complete;
    private int count;
    private long length;
    private int lengthBytes;

    FrameCounter(long[] times, CountDownLatch complete) {
      this.times = times;
      this.complete = complete;
    }

    void accept(ByteBuffer part) {
      while (part.hasRemaining()) {
        if (lengthBytes < Integer.BYTES) {
          length = length << 8 | part.get() & 0xff;
          lengthBytes++;
          continue;
        }
        int skipped = (int) Math.min(length, part.remaining());
        part.position(part.position() + skipped);
        length -= skipped;
        if (length == 0) {
          lengthBytes = 0;
          times[count++] = System.nanoTime();
          if (count == times.length) {
            complete.countDown();
          }
        }
      }
    }
  }

  /** How many pods the gateway has; 0 while it does not serve. */
  private long seen() {
    try {
      Matcher count = REMAINING.matcher(client.raw("/api/v1/pods?limit=1"));
      return count.find() ? Long.parseLong(count.group(1)) + 1 : 0;
    } catch (KubernetesClientException e) {
      return 0;
    }
  }

  /** Lets the gateway's JVM collect its garbage and give back what it does not need. */
  private void settle() throws IOException, InterruptedException {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    for (int i = 0; i < 2; i++) {
      new ProcessBuilder(jcmd, Long.toString(gateway.pid()), "GC.run")
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
      TimeUnit.SECONDS.sleep(3);
    }
  }

  private double cpuSeconds() throws IOException {
    String stat = Files.readString(Path.of("/proc/" + gateway.pid() + "/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
  }

  private long resident() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + gateway.pid() + "/status"))) {
      if (line.startsWith("RssAnon:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
      }
    }
    throw new IOException("no RssAnon of process " + gateway.pid());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void say(String format, Object... arguments) {
    System.out.printf(format + "%n", arguments);
  }
}
