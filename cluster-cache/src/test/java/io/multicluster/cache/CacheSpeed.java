package io.multicluster.cache;

import com.sun.management.OperatingSystemMXBean;
import io.multicluster.wire.http.BodySource;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.http.ResponseSink;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfoParser;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.local.LocalIoHandler;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the cache costs without the network: to be run by hand, prints CPU of the process for each
 * kind of work. Arguments: pods (100,000), watchers (1,000).
 */
public final class CacheSpeed {
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final ManualIoEventLoop loop =
      new ManualIoEventLoop(Thread.currentThread(), LocalIoHandler.newFactory());
  private final ClusterCache cache;
  private final List<FeedSink> sinks = new ArrayList<>();
  private final int pods;

  private CacheSpeed(int pods) {
    this.pods = pods;
    CacheOptions usual = CacheOptions.of(List.of(CachedKind.PODS));
    this.cache =
        new ClusterCache(
            new CacheOptions(
                usual.kinds(),
                "",
                0,
                null,
                List.of(),
                true,
                new LogLimits(64 << 20, Duration.ofMinutes(10)),
                usual.history(),
                usual.sharedFrameBytes(),
                usual.patience(),
                usual.writePatience(),
                usual.startupPatience(),
                true,
                usual.wallMillis(),
                usual.nanos()));
  }

  public static void main(String[] args) throws InterruptedException {
    int pods = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
    int watchers = args.length > 1 ? Integer.parseInt(args[1]) : 1_000;
    new CacheSpeed(pods).run(watchers);
    System.exit(0);
  }

  private void run(int watchers) throws InterruptedException {
    long before = heap();
    sync();
    long after = heap();
    System.out.printf(
        "memory: %d B a pod of %d B%n", (after - before) / pods, SyntheticPods.pod(1, 1).length);
    for (int round = 0; round < 3; round++) {
      list("LIST protobuf", "application/vnd.kubernetes.protobuf", "");
      list("LIST JSON", "application/json", "");
      list("LIST Table", "application/json;as=Table;v=v1;g=meta.k8s.io", "");
      list("LIST JSON gzip", "application/json", "gzip");
      get();
      updates();
    }
    watch(watchers, "application/vnd.kubernetes.protobuf");
    watch(watchers, "application/json");
  }

  private void sync() throws InterruptedException {
    int members = 8;
    byte[][] bytes = new byte[pods][];
    for (int i = 0; i < pods; i++) {
      bytes[i] = SyntheticPods.pod(i, i + 1);
    }
    long start = PROCESS.getProcessCpuTime();
    long wall = System.nanoTime();
    CountDownLatch done = new CountDownLatch(members);
    for (int m = 0; m < members; m++) {
      FeedSink sink = cache.join(CachedKind.PODS, new Member("member-" + m, "uid-" + m));
      sinks.add(sink);
      sink.accept(new FeedEvent.ListBegin(), () -> {});
      for (int i = m; i < pods; i += members) {
        sink.accept(new FeedEvent.ListItem(bytes[i], bytes[i].length), () -> {});
        bytes[i] = new byte[0];
      }
      sink.accept(new FeedEvent.ListEnd(Integer.toString(pods + 1)), done::countDown);
    }
    done.await();
    cache.membersKnown(Set.of());
    report("sync", start, wall, pods);
    while (!cache.ready()) {
      Thread.onSpinWait();
    }
  }

  private void list(String what, String accept, String encoding) {
    long start = PROCESS.getProcessCpuTime();
    long wall = System.nanoTime();
    Client client = new Client("/api/v1/pods", accept, encoding);
    serve(client);
    while (!client.ended) {
      loop.runNow();
    }
    report(what + " (" + client.bytes / pods + " B a pod)", start, wall, pods);
  }

  private void get() {
    int gets = 20_000;
    String[] paths = new String[gets];
    for (int i = 0; i < gets; i++) {
      byte[] pod = SyntheticPods.pod((int) (i * 7919L % pods), 1);
      var meta = TestObjects.meta(pod);
      paths[i] = "/api/v1/namespaces/" + meta.namespace() + "/pods/" + meta.name();
    }
    for (String accept : new String[] {"application/vnd.kubernetes.protobuf", "application/json"}) {
      long start = PROCESS.getProcessCpuTime();
      long wall = System.nanoTime();
      for (String path : paths) {
        serve(new Client(path, accept, ""));
      }
      report("GET " + accept, start, wall, gets);
    }
  }

  private void updates() throws InterruptedException {
    int events = 20_000;
    byte[][] bytes = new byte[events][];
    long version = System.nanoTime();
    for (int i = 0; i < events; i++) {
      bytes[i] = SyntheticPods.pod((int) (i * 7919L % pods), version + i);
    }
    long start = PROCESS.getProcessCpuTime();
    long wall = System.nanoTime();
    CountDownLatch done = new CountDownLatch(events);
    for (int i = 0; i < events; i++) {
      int member = (int) (i * 7919L % pods) % sinks.size();
      sinks
          .get(member)
          .accept(
              new FeedEvent.Change(FeedEvent.ChangeType.MODIFIED, bytes[i], bytes[i].length),
              done::countDown);
    }
    done.await();
    report("update", start, wall, events);
  }

  private void watch(int watchers, String accept) throws InterruptedException {
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < watchers; i++) {
      Client client =
          new Client(
              "/api/v1/pods?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan",
              accept,
              "");
      clients.add(client);
      serve(client);
    }
    for (int i = 0; i < 100; i++) {
      loop.runNow();
      Thread.sleep(1);
    }
    int events = 500;
    byte[][] bytes = new byte[events][];
    long version = System.nanoTime();
    for (int i = 0; i < events; i++) {
      bytes[i] = SyntheticPods.pod((int) (i * 7919L % pods), version + i);
    }
    long start = PROCESS.getProcessCpuTime();
    long wall = System.nanoTime();
    for (int i = 0; i < events; i++) {
      int member = (int) (i * 7919L % pods) % sinks.size();
      sinks
          .get(member)
          .accept(
              new FeedEvent.Change(FeedEvent.ChangeType.MODIFIED, bytes[i], bytes[i].length),
              () -> {});
    }
    while (clients.getLast().writes < events || clients.getFirst().writes < events) {
      loop.runNow();
    }
    report(
        "watch delivery, " + watchers + " watchers, " + accept,
        start,
        wall,
        (long) events * watchers);
    clients.forEach(Client::hangUp);
    loop.runNow();
  }

  private void serve(Client client) {
    Query query = Query.parse(client.request().query());
    cache.serve(
        client,
        query,
        RequestInfoParser.parse(client.request(), query),
        e -> {
          throw e;
        });
  }

  private static void report(String what, long cpuStart, long wallStart, long count) {
    double cpu = (PROCESS.getProcessCpuTime() - cpuStart) / 1e3 / count;
    double wall = (System.nanoTime() - wallStart) / 1e3 / count;
    System.out.printf("%-75s %8.2f us CPU %8.2f us wall%n", what, cpu, wall);
  }

  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  /** Takes everything at once and counts it. */
  private final class Client implements Exchange, ResponseSink {
    private final RequestHead request;
    private final List<Runnable> closed = new ArrayList<>();
    private int status;
    private boolean ended;
    private long bytes;
    private long writes;

    Client(String target, String accept, String encoding) {
      int question = target.indexOf('?');
      Http2Headers headers = new DefaultHttp2Headers().add("accept", accept);
      if (!encoding.isEmpty()) {
        headers.add("accept-encoding", encoding);
      }
      this.request =
          new RequestHead(
              "GET",
              question < 0 ? target : target.substring(0, question),
              question < 0 ? "" : target.substring(question + 1),
              headers);
    }

    void hangUp() {
      closed.forEach(Runnable::run);
    }

    @Override
    public RequestHead request() {
      return request;
    }

    @Override
    public BodySource requestBody() {
      throw new UnsupportedOperationException();
    }

    @Override
    public ResponseSink response() {
      return this;
    }

    @Override
    public EventLoop eventLoop() {
      return loop;
    }

    @Override
    public boolean http2() {
      return true;
    }

    @Override
    public List<X509Certificate> clientCertificates() {
      return List.of();
    }

    @Override
    public InetSocketAddress remoteAddress() {
      return new InetSocketAddress(0);
    }

    @Override
    public void head(int newStatus, Http2Headers headers) {
      status = newStatus;
    }

    @Override
    public void write(ByteBuf part, @Nullable Runnable written) {
      bytes += part.readableBytes();
      writes++;
      part.release();
    }

    @Override
    public void flush() {}

    @Override
    public void end(@Nullable Http2Headers trailers) {
      ended = true;
    }

    @Override
    public void reset() {
      throw new IllegalStateException("broken off");
    }

    @Override
    public boolean writable() {
      return true;
    }

    @Override
    public void onWritable(Runnable listener) {}

    @Override
    public void onClose(Runnable listener) {
      closed.add(listener);
    }

    @Override
    public boolean headSent() {
      return status != 0;
    }

    @Override
    public int status() {
      return status;
    }

    @Override
    public void upgrade(Http2Headers headers, Consumer<Channel> ready) {
      throw new IllegalStateException("HTTP/2");
    }
  }
}
