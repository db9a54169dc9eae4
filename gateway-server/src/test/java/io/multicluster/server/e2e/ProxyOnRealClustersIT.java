package io.multicluster.server.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import io.multicluster.proxy.ResponseReceiver;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamConfig;
import io.multicluster.proxy.UpstreamLimits;
import io.multicluster.proxy.Upstreams;
import io.multicluster.server.e2e.Kubectl.Following;
import io.multicluster.server.e2e.Kubectl.Result;
import io.multicluster.testclusters.ClusterAccess;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.wire.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What passes through the gateway to real API servers: what kubectl does with a pod's container
 * (1.27 speaks SPDY, 1.33 and 1.36 speak WebSocket), and whole conversations compared with the same
 * held directly.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ProxyOnRealClustersIT {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String POD = "web";

  @TempDir private static Path folder = Path.of("");

  private final List<AutoCloseable> underWay = new ArrayList<>();
  private GatewayOverLiveMember world;
  private Path user = Path.of("");

  @BeforeAll
  void start() throws Exception {
    RealClusters.assumeAvailable();
    world = GatewayOverLiveMember.start(folder);
    user = world.kubeconfig("jane", "dev");
    try (KubernetesClient direct = world.member().access().client()) {
      direct.resource(pod(POD)).create();
      direct
          .resource(
              new ServiceBuilder()
                  .withNewMetadata()
                  .withName(POD)
                  .withNamespace("default")
                  .endMetadata()
                  .withNewSpec()
                  .addToSelector("app", POD)
                  .addNewPort()
                  .withPort(80)
                  .endPort()
                  .endSpec()
                  .build())
          .create();
    }
    Kubectl kubectl = Kubectl.of("1.36", user);
    Awaitility.await("a running pod")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> kubectl.run("get", "pod", POD).out().contains("Running"));
  }

  @AfterAll
  void stop() {
    if (world != null) {
      world.close();
    }
  }

  @AfterEach
  void endWhatIsUnderWay() throws Exception {
    for (AutoCloseable one : underWay) {
      one.close();
    }
    underWay.clear();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.33", "1.36"})
  void logsAreTheMembersOwn(String minor) throws IOException {
    log("a line to be told apart by kubectl " + minor);
    Kubectl through = Kubectl.of(minor, user);
    Kubectl direct = through.as(world.member().kubeconfig());
    for (String option : List.of("--tail=-1", "--tail=1", "--timestamps", "--limit-bytes=20")) {
      assertThat(through.ok("logs", POD, option).out())
          .as(option)
          .isNotEmpty()
          .isEqualTo(direct.ok("logs", POD, option).out());
    }
    assertThat(through.run("logs", POD, "-c", "other"))
        .isEqualTo(direct.run("logs", POD, "-c", "other"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.33", "1.36"})
  void followedLogsAndAnAttachedTerminalShowLinesAsTheyAreWritten(String minor) throws Exception {
    Kubectl kubectl = Kubectl.of(minor, user);
    Following logs = begun(kubectl.follow("logs", "--follow", "--tail=1", POD));
    logs.await(".+");
    log("followed by " + minor);
    logs.await("followed by " + minor);

    Following attached = begun(kubectl.follow("attach", POD, "-c", "main"));
    // An attached terminal shows nothing of before: write until it is there.
    CompletableFuture<String> line =
        CompletableFuture.supplyAsync(() -> attached.await("attached by " + minor));
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(() -> {
          log("attached by " + minor);
          return line.isDone();
        });
    line.get();
    log("and " + minor);
    logs.await("and " + minor);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.33", "1.36"})
  void commandsHaveTheirOutputsTheirExitCodesAndTheirInput(String minor) throws Exception {
    Kubectl kubectl = Kubectl.of(minor, user);
    String[] failing = {"exec", POD, "--", "sh", "-c", "echo out; echo err >&2; exit 42"};
    Result result = kubectl.run(failing);
    assertThat(result.out()).isEqualTo("out\n");
    assertThat(result.err()).contains("err\n").contains("exit status 42");
    assertThat(result.exit()).isNotZero();
    assertThat(result).isEqualTo(kubectl.as(world.member().kubeconfig()).run(failing));

    // These kubelets never end a command's input, so commands here must not wait for its end.
    String input = "0123456789abcde\n".repeat(200_000);
    Result counted =
        kubectl.run(
            input, Map.of(), "exec", "-i", POD, "--", "sh", "-c", "head -c 3200000 | sha256sum");
    assertThat(counted.out()).as(counted.err()).startsWith(sha256(input));
    Result longOutput = kubectl.ok("exec", POD, "--", "seq", "1", "500000");
    assertThat(longOutput.out()).hasLineCount(500_000).endsWith("\n500000\n");

    Following session =
        begun(
            kubectl.follow(
                "exec", "-i", POD, "--", "sh", "-c", "read a; echo $a-$a; read b; echo $b-$b"));
    session.type("one");
    session.await("one-one");
    session.type("two");
    session.await("two-two");
    assertThat(session.exit()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.33", "1.36"})
  void aTerminalIsOneWithItsSize(String minor) throws Exception {
    Following terminal =
        begun(Kubectl.of(minor, user).onTerminal(33, 77, "exec", "-it", POD, "--", "sh"));
    terminal.type("tty; echo end-of-tty");
    terminal.await(".*/dev/pts/\\d+.*");
    // The size follows the start in a message of its own.
    terminal.type("until [ \"$(stty size)\" = '33 77' ]; do sleep 0.1; done; echo size-$((30+3))");
    terminal.await("size-33.*");
    terminal.type("exit");
    assertThat(terminal.exit()).isZero();
  }

  /** Over SPDY: over WebSocket the API server itself lets the command run on. */
  @Test
  void aKilledClientEndsItsCommand() throws Exception {
    Following session =
        Kubectl.of("1.27", user)
            .follow("exec", "-i", POD, "--", "sh", "-c", "echo pid-$$-; exec cat");
    // The command runs on this machine.
    long pid = Long.parseLong(session.await("pid-\\d+-").replaceAll("\\D", ""));
    assertThat(ProcessHandle.of(pid)).isPresent();
    session.close();
    Awaitility.await("the end of the command")
        .atMost(PATIENCE)
        .until(() -> ProcessHandle.of(pid).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.33", "1.36"})
  void filesAreCopiedBothWays(String minor) throws Exception {
    Kubectl kubectl = Kubectl.of(minor, user);
    Path source = folder.resolve("source-" + minor);
    Path back = folder.resolve("back-" + minor);
    // With the headers that tar adds this makes whole records. As the command's input never ends
    // here, tar would keep what is left of one for itself; nor does it end.
    byte[] content = new byte[2048 * 10_240 - 3 * 512];
    new Random(minor.hashCode()).nextBytes(content);
    Files.write(source, content);

    String remote = folder.resolve("remote-" + minor).toString();
    begun(kubectl.follow("cp", source.toString(), POD + ":" + remote));
    Awaitility.await("the file in the container")
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(NoSuchFileException.class)
        .until(() -> Files.mismatch(source, Path.of(remote)) == -1);
    kubectl.ok("cp", POD + ":" + remote, back.toString());

    assertThat(Files.mismatch(source, back)).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.33", "1.36"})
  void aForwardedPortCarriesManyConnections(String minor) throws Exception {
    Following forward =
        begun(Kubectl.of(minor, user).follow("port-forward", "pod/" + POD, ":8080"));
    String line = forward.await("Forwarding from 127.0.0.1:\\d+ -> 8080");
    URI health =
        URI.create("http://127.0.0.1:" + line.replaceAll(".*:(\\d+) -> .*", "$1") + "/healthz");
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpRequest request = HttpRequest.newBuilder(health).timeout(PATIENCE).build();
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        answers.add(http.sendAsync(request, BodyHandlers.ofString()));
      }
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        assertThat(answer.get().body()).isEqualTo("ok");
      }
      assertThat(http.send(request, BodyHandlers.ofString()).body()).isEqualTo("ok");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.33", "1.36"})
  void aDebugContainerIsAddedAndAttachedTo(String minor) throws Exception {
    String name = "debugger-" + minor.replace('.', '-');
    Following debug =
        begun(
            Kubectl.of(minor, user)
                .follow(
                    "debug",
                    POD,
                    "--image=registry.example.com/tools:1",
                    "--container=" + name,
                    "--stdin"));
    try (KubernetesClient direct = world.member().access().client()) {
      Awaitility.await("the container")
          .atMost(PATIENCE)
          .until(() ->
              direct
                  .pods()
                  .inNamespace("default")
                  .withName(POD)
                  .get()
                  .getSpec()
                  .getEphemeralContainers()
                  .stream()
                  .anyMatch(container -> container.getName().equals(name)));
      // These kubelets don't start such containers by themselves.
      direct
          .pods()
          .inNamespace("default")
          .withName(POD)
          .editStatus(pod ->
              new PodBuilder(pod)
                  .editStatus()
                  .addToEphemeralContainerStatuses(running(name))
                  .endStatus()
                  .build());
    }
    CompletableFuture<String> line =
        CompletableFuture.supplyAsync(() -> debug.await("seen by " + name));
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(() -> {
          log("seen by " + name);
          return line.isDone();
        });
    line.get();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.27", "1.33", "1.36"})
  void theEntryOfAMemberStreamsAsWell(String minor) throws Exception {
    Kubectl kubectl = Kubectl.of(minor, world.memberEntryKubeconfig("jane", "dev"));
    assertThat(kubectl.ok("logs", POD, "--tail=1").out()).isNotEmpty();
    assertThat(kubectl.ok("exec", POD, "--", "echo", "inside").out()).isEqualTo("inside\n");
    Following forward = begun(kubectl.follow("port-forward", "service/" + POD, ":80"));
    forward.await("Forwarding from 127.0.0.1:\\d+ -> 80");
  }

  @Test
  void applicationsAreReachedThroughPodAndService() {
    Kubectl kubectl = Kubectl.of("1.36", user);
    String pod = "/api/v1/namespaces/default/pods/" + POD + ":80/proxy";
    assertThat(kubectl.ok("get", "--raw", pod + "/healthz").out()).isEqualTo("ok");
    String echoed = kubectl.ok("get", "--raw", pod + "/a%20b/c?x=1&x=2%2F").out();
    assertThat(echoed).startsWith("GET /a%20b/c?x=1&x=2%2F\n");
    assertThat(echoed.toLowerCase(Locale.ROOT))
        .doesNotContain("authorization", "impersonate", "x-remote-");

    String member = "/clusters/" + GatewayOverLiveMember.MEMBER;
    String service = member + "/api/v1/namespaces/default/services/" + POD + ":80/proxy";
    Awaitility.await("the service's endpoints")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> kubectl.run("get", "--raw", service + "/healthz").out().equals("ok"));
    Result posted =
        kubectl.run("the body", Map.of(), "create", "--raw", service + "/things", "-f", "-");
    assertThat(posted.out()).as(posted.err()).startsWith("POST /things\n").endsWith("the body");
  }

  /** More by the system property {@code proxy.watches}. */
  @Test
  void manyWatchesEachGetTheirEvent() throws Exception {
    int count = Integer.getInteger("proxy.watches", 300);
    EventLoopGroup loops = Upstreams.eventLoops("client", 1);
    ClusterAccess access = world.access("", "jane", "dev");
    try (UpstreamClient gateway =
            new Upstreams(loops, UpstreamLimits.DEFAULT)
                .open(
                    "gateway",
                    UpstreamConfig.of(access.server())
                        .withCertificateAuthority(access.caCertificate())
                        .withClientCertificate(
                            new UpstreamConfig.ClientCertificate(
                                access.clientCertificate(), access.clientKey())));
        KubernetesClient direct = world.controlPlane().access().client()) {
      Semaphore begun = new Semaphore(0);
      CountDownLatch told = new CountDownLatch(count);
      for (int i = 0; i < count; i++) {
        if (i >= 100) {
          awaitOne(begun); // That many ask at a time.
        }
        gateway.send(
            new RequestHead(
                "GET",
                "/api/v1/namespaces/default/configmaps",
                "watch=1&fieldSelector=metadata.name%3Dseen-by-all",
                new DefaultHttp2Headers()),
            null,
            new Watch(begun, told));
      }
      for (int i = 0; i < Math.min(count, 100); i++) {
        awaitOne(begun);
      }
      direct
          .resource(
              new ConfigMapBuilder()
                  .withNewMetadata()
                  .withName("seen-by-all")
                  .withNamespace("default")
                  .endMetadata()
                  .build())
          .create();
      assertThat(told.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("all events").isTrue();
    } finally {
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  private static void awaitOne(Semaphore begun) throws InterruptedException {
    assertThat(begun.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("it begins").isTrue();
  }

  /** Tells of its head and of its first event. */
  private static final class Watch implements ResponseReceiver {
    private final Semaphore begun;
    private final CountDownLatch told;
    private boolean any;

    Watch(Semaphore begun, CountDownLatch told) {
      this.begun = begun;
      this.told = told;
    }

    @Override
    public void head(int status, Http2Headers headers) {
      if (status == 200) {
        begun.release();
      }
    }

    @Override
    public void data(ByteBuf bytes) {
      bytes.release();
      if (!any) {
        any = true;
        told.countDown();
      }
    }

    @Override
    public void flush() {}

    @Override
    public void end(@Nullable Http2Headers trailers) {}

    @Override
    public void failed(Throwable cause) {}
  }

  /** More by the system property {@code proxy.sessions}. */
  @Test
  void manyCommandsRunAtOnce() throws Exception {
    int count = Integer.getInteger("proxy.sessions", 40);
    List<ExecWatch> sessions = new ArrayList<>();
    try (KubernetesClient client =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(world.access("", "jane", "dev").kubeconfig()))
            .build()) {
      for (int i = 0; i < count; i++) {
        sessions.add(
            client
                .pods()
                .inNamespace("default")
                .withName(POD)
                .inContainer("main")
                .redirectingInput()
                .redirectingOutput()
                .exec("sh", "-c", "echo ready; read a; echo $a-$a"));
      }
      List<BufferedReader> outputs = new ArrayList<>();
      for (ExecWatch session : sessions) {
        outputs.add(new BufferedReader(new InputStreamReader(session.getOutput(), UTF_8)));
        assertThat(outputs.getLast().readLine()).isEqualTo("ready");
      }
      for (int i = 0; i < count; i++) {
        sessions.get(i).getInput().write((i + "\n").getBytes(UTF_8));
        sessions.get(i).getInput().flush();
      }
      for (int i = 0; i < count; i++) {
        assertThat(outputs.get(i).readLine()).isEqualTo(i + "-" + i);
      }
      sessions.forEach(ExecWatch::close);
    }
  }

  @Test
  void whoMayNotIsToldSoByTheGatewayOrByTheMember() throws IOException {
    Kubectl nobody = Kubectl.of("1.36", world.kubeconfig("joe"));
    assertThat(nobody.run("exec", POD, "--", "true").err())
        .contains("pods \"web\" is forbidden: User \"joe\" cannot get resource \"pods\"");
    Kubectl half = Kubectl.of("1.36", world.kubeconfig("hal", "half"));
    assertThat(half.run("exec", POD, "--", "true").err())
        .contains("pods \"web\" is forbidden: User \"hal\" cannot")
        .contains("resource \"pods/exec\" in API group \"\" in the namespace \"default\"");
    assertThat(half.run("logs", POD).err())
        .contains("User \"hal\" cannot get resource \"pods/log\"");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aConversationIsTheOneHeldDirectlyButForTheDocumentedHeaders(boolean http2) throws Exception {
    try (Conversation federation = new Conversation(world.controlPlane().access(), http2);
        Conversation member = new Conversation(world.member().access(), http2);
        Conversation all = new Conversation(world.access("", "admin", "system:masters"), http2);
        Conversation one =
            new Conversation(world.access("/clusters/live", "admin", "system:masters"), http2)) {
      assertThat(all.hold()).containsExactlyElementsOf(federation.hold());
      assertThat(one.hold()).containsExactlyElementsOf(member.hold());
    }
  }

  private static String sha256(String text) throws NoSuchAlgorithmException {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
  }

  private void log(String line) throws IOException {
    Files.writeString(
        world.containerLog(),
        Instant.now() + " stdout F " + line + "\n",
        UTF_8,
        StandardOpenOption.APPEND);
  }

  private Following begun(Following following) {
    underWay.add(following);
    return following;
  }

  private static ContainerStatus running(String name) {
    return new ContainerStatusBuilder()
        .withName(name)
        .withImage("registry.example.com/tools:1")
        .withImageID("")
        .withReady(false)
        .withRestartCount(0)
        .withNewState()
        .withNewRunning()
        .withStartedAt(Instant.now().toString())
        .endRunning()
        .endState()
        .build();
  }

  private static Pod pod(String name) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("default")
        .addToLabels("app", name)
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("main")
        .withImage("registry.example.com/web:1")
        .withStdin(true)
        .endContainer()
        .endSpec()
        .build();
  }
}
