package io.multicluster.testclusters;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The processes of one real cluster, their files and their flags. */
final class RealCluster implements TestCluster {
  private final ClusterSpec spec;
  private final Path kube;
  private final Path kwok;
  private final Path pki;
  private final Path kubeconfig;
  private final ClusterAccess access;
  private final int etcdPort = LoopbackPorts.free();
  private final int etcdPeerPort = LoopbackPorts.free();
  private final int kubeletPort = LoopbackPorts.free();

  @GuardedBy("this")
  private @Nullable ChildProcess etcd;

  @GuardedBy("this")
  private @Nullable ChildProcess apiServer;

  /** What lives beside the API server, and reconnects to it by itself. */
  @GuardedBy("this")
  private final List<ChildProcess> companions = new ArrayList<>();

  @GuardedBy("this")
  private boolean closed;

  /** Writes all files; whatever an earlier cluster left in the folder is gone. Starts nothing. */
  RealCluster(ClusterSpec spec, Path kube, Path kwok) throws IOException {
    this.spec = spec;
    this.kube = kube;
    this.kwok = kwok;
    this.pki = spec.folder().resolve("pki");
    this.kubeconfig = spec.folder().resolve("kubeconfig");
    Folders.clear(spec.folder());
    Files.createDirectories(pki);
    TestAuthority authority = new TestAuthority(spec.name() + "-ca");
    writeIdentity("ca", authority.identity());
    writeIdentity("apiserver", authority.loopbackServer("kube-apiserver"));
    List<String> serviceAccountKey = TestAuthority.signingKey();
    writePrivate("service-account.key", serviceAccountKey.getFirst());
    Files.writeString(pki.resolve("service-account.pub"), serviceAccountKey.getLast());
    if (spec.live()) {
      writeIdentity(
          "apiserver-kubelet-client",
          authority.client("kube-apiserver-kubelet-client", "system:masters"));
      writeIdentity("kubelet", authority.loopbackServer("kubelet"));
      KwokFiles.write(spec.folder(), kubeletPort);
    }
    TestAuthority.Identity admin = authority.client("admin", "system:masters");
    int port = spec.port() == 0 ? LoopbackPorts.free() : spec.port();
    this.access =
        new ClusterAccess(
            spec.name(),
            URI.create("https://127.0.0.1:" + port),
            authority.certificate(),
            admin.certificate(),
            admin.key());
    access.writeKubeconfig(kubeconfig);
  }

  @Override
  public ClusterAccess access() {
    return access;
  }

  @Override
  public Path kubeconfig() {
    return kubeconfig;
  }

  @Override
  public boolean hasKubelets() {
    return spec.live();
  }

  synchronized void start() {
    if (closed) {
      throw new TestClusterException(access + " is closed");
    }
    ChildProcess store = run("etcd", etcdFlags());
    etcd = store;
    ChildProcess server = run("kube-apiserver", apiServerFlags());
    apiServer = server;
    Readiness.await(
        access,
        () -> {
          checkAlive(store);
          checkAlive(server);
        },
        RealCluster::hasDefaultNamespace);
    if (spec.live() && companions.isEmpty()) {
      companions.add(run("kube-controller-manager", controllerManagerFlags()));
      companions.add(run("kube-scheduler", schedulerFlags()));
      companions.add(
          ChildProcess.start(
              "kwok",
              spec.folder(),
              command(kwok, KwokFiles.flags(kwok, spec.folder(), kubeletPort))));
      List<ChildProcess> started = List.copyOf(companions);
      Readiness.await(
          access, () -> started.forEach(RealCluster::checkAlive), RealCluster::admitsPods);
    }
  }

  @Override
  public synchronized void kill() {
    // The API server first, so that it never sees its store gone.
    if (apiServer != null) {
      apiServer.kill();
    }
    if (etcd != null) {
      etcd.kill();
    }
  }

  @Override
  public synchronized void restart() {
    kill();
    start();
  }

  @Override
  public synchronized void pause() {
    signalApiServer("STOP");
  }

  @Override
  public synchronized void resume() {
    signalApiServer("CONT");
  }

  @Override
  public synchronized void close() {
    closed = true;
    companions.forEach(ChildProcess::kill);
    companions.clear();
    kill();
    Folders.clear(store());
  }

  @Override
  public String toString() {
    return access.toString();
  }

  @GuardedBy("this")
  private void signalApiServer(String signal) {
    if (apiServer == null || !apiServer.isAlive()) {
      throw new TestClusterException("the API server of " + access + " does not run");
    }
    apiServer.signal(signal);
  }

  private ChildProcess run(String program, List<String> flags) {
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(flags);
    return ChildProcess.start(program, spec.folder(), command(kube, command));
  }

  private static List<String> command(Path program, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    return command;
  }

  private List<String> etcdFlags() {
    String client = "http://127.0.0.1:" + etcdPort;
    String peer = "http://127.0.0.1:" + etcdPeerPort;
    return List.of(
        "--data-dir=" + store(),
        "--listen-client-urls=" + client,
        "--advertise-client-urls=" + client,
        "--listen-peer-urls=" + peer,
        "--initial-advertise-peer-urls=" + peer,
        "--initial-cluster=default=" + peer,
        // Nothing here has to survive the machine, only the processes.
        "--unsafe-no-fsync");
  }

  private List<String> apiServerFlags() {
    List<String> flags = new ArrayList<>();
    flags.add("--etcd-servers=http://127.0.0.1:" + etcdPort);
    flags.add("--bind-address=127.0.0.1");
    flags.add("--advertise-address=127.0.0.1");
    flags.add("--secure-port=" + access.server().getPort());
    flags.add("--tls-cert-file=" + pki.resolve("apiserver.crt"));
    flags.add("--tls-private-key-file=" + pki.resolve("apiserver.key"));
    flags.add("--client-ca-file=" + pki.resolve("ca.crt"));
    flags.add("--service-account-issuer=https://kubernetes.default.svc.cluster.local");
    flags.add("--service-account-key-file=" + pki.resolve("service-account.pub"));
    flags.add("--service-account-signing-key-file=" + pki.resolve("service-account.key"));
    flags.add("--service-cluster-ip-range=10.96.0.0/16");
    flags.add("--authorization-mode=RBAC");
    flags.add("--allow-privileged=true");
    if (spec.live()) {
      flags.add("--kubelet-client-certificate=" + pki.resolve("apiserver-kubelet-client.crt"));
      flags.add("--kubelet-client-key=" + pki.resolve("apiserver-kubelet-client.key"));
    } else {
      // It would refuse pods until somebody makes a service account "default"; here nobody does.
      flags.add("--disable-admission-plugins=ServiceAccount");
    }
    flags.addAll(spec.apiServerFlags());
    return flags;
  }

  private List<String> controllerManagerFlags() {
    return List.of(
        "--kubeconfig=" + kubeconfig,
        "--leader-elect=false",
        "--secure-port=0",
        "--use-service-account-credentials",
        "--service-account-private-key-file=" + pki.resolve("service-account.key"),
        "--root-ca-file=" + pki.resolve("ca.crt"),
        "--cluster-signing-cert-file=" + pki.resolve("ca.crt"),
        "--cluster-signing-key-file=" + pki.resolve("ca.key"));
  }

  private List<String> schedulerFlags() {
    return List.of("--kubeconfig=" + kubeconfig, "--leader-elect=false", "--secure-port=0");
  }

  private static void checkAlive(ChildProcess process) {
    if (!process.isAlive()) {
      throw new TestClusterException(process.obituary());
    }
  }

  /** The API server makes it a moment after it is ready. */
  private static boolean hasDefaultNamespace(KubernetesClient client) {
    return client.namespaces().withName("default").get() != null;
  }

  private static boolean admitsPods(KubernetesClient client) {
    return client.serviceAccounts().inNamespace("default").withName("default").get() != null;
  }

  private void writeIdentity(String name, TestAuthority.Identity identity) throws IOException {
    Files.writeString(pki.resolve(name + ".crt"), identity.certificate());
    writePrivate(name + ".key", identity.key());
  }

  private void writePrivate(String name, String content) throws IOException {
    PrivateFiles.write(pki.resolve(name), content);
  }

  private Path store() {
    return spec.folder().resolve("etcd");
  }
}
