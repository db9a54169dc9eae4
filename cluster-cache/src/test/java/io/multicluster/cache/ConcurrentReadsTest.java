package io.multicluster.cache;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.wire.json.JsonKind;
import io.multicluster.wire.json.JsonTranscoder;
import io.multicluster.wire.json.KubernetesTypes;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** Lists of all forms on several event loops at once, while the objects change. */
class ConcurrentReadsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PODS = 120;
  private static final int CLIENTS = 6;
  private static final int ROUNDS = 6;
  private static final String PROTOBUF = "application/vnd.kubernetes.protobuf";
  private static final String[] ACCEPTS = {
    "application/json",
    PROTOBUF,
    "application/json;as=Table;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
    PROTOBUF + ";as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
  };

  private final ClusterCache cache = new ClusterCache(CacheOptions.of(List.of(CachedKind.PODS)));

  @Test
  void everyListIsOneStateWhateverItsForm() throws Exception {
    FeedSink sink = cache.join(CachedKind.PODS, new Member("east", "uid"));
    sink.accept(new FeedEvent.ListBegin(), () -> {});
    for (int i = 0; i < PODS; i++) {
      sink.accept(FeedEvents.item(SyntheticPods.pod(i, 1 + i)), () -> {});
    }
    CountDownLatch listed = new CountDownLatch(1);
    sink.accept(new FeedEvent.ListEnd(Integer.toString(PODS)), listed::countDown);
    assertThat(listed.await(30, TimeUnit.SECONDS)).isTrue();
    cache.membersKnown(Set.of("east"));
    change(sink, PODS + 1); // Behind it, the cache is ready.

    MultiThreadIoEventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(3, LocalIoHandler.newFactory());
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        EventLoop loop = loops.next();
        long seed = i;
        running.add(
            clients.submit(() -> {
              readAll(loop, new Random(seed));
              return null;
            }));
      }
      long version = PODS + 2;
      while (!running.stream().allMatch(Future::isDone)) {
        change(sink, version++);
      }
      for (Future<?> client : running) {
        client.get();
      }
      assertThat(version).as("changes meanwhile").isGreaterThan(PODS + CLIENTS);
    } finally {
      loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
      cache.close();
    }
  }

  /** Returns once the change is in sight. */
  private static void change(FeedSink sink, long version) throws InterruptedException {
    CountDownLatch applied = new CountDownLatch(1);
    byte[] pod = SyntheticPods.pod((int) (version * 7919 % PODS), version);
    sink.accept(FeedEvents.change(FeedEvent.ChangeType.MODIFIED, pod), applied::countDown);
    assertThat(applied.await(30, TimeUnit.SECONDS)).isTrue();
  }

  private void readAll(EventLoop loop, Random random) throws Exception {
    for (int i = 0; i < ROUNDS; i++) {
      Map<String, Long> items = new TreeMap<>();
      long version = list(loop, random, "", items);
      assertThat(items).hasSize(PODS);
      assertThat(items.values()).allMatch(item -> item <= version);
      Map<String, Long> again = new TreeMap<>();
      String exact = "?resourceVersionMatch=Exact&resourceVersion=" + version;
      assertThat(list(loop, random, exact, again)).isEqualTo(version);
      assertThat(again).isEqualTo(items);
    }
  }

  /** Reads slowly, in one of the forms; returns the list's resourceVersion. */
  private long list(EventLoop loop, Random random, String options, Map<String, Long> items)
      throws Exception {
    String accept = ACCEPTS[random.nextInt(ACCEPTS.length)];
    boolean gzip = random.nextInt(4) == 0;
    RecordingExchange exchange =
        gzip
            ? new RecordingExchange(
                loop, "/api/v1/pods" + options, "accept", accept, "accept-encoding", "gzip")
            : new RecordingExchange(loop, "/api/v1/pods" + options, "accept", accept);
    List<ApiException> failures = new ArrayList<>();
    loop.submit(
            () -> {
              exchange.window(10_000);
              Query query = Query.parse(exchange.request().query());
              cache.serve(
                  exchange,
                  query,
                  RequestInfoParser.parse(exchange.request(), query),
                  failures::add);
            })
        .get();
    int room = 30_000 + random.nextInt(200_000);
    while (!loop.submit(
            () -> {
              exchange.window(room);
              return exchange.ended();
            })
        .get()) {
      // Others have their turn.
    }
    assertThat(failures).isEmpty();
    return loop.submit(() -> read(exchange, items)).get();
  }

  private static long read(RecordingExchange exchange, Map<String, Long> items) throws Exception {
    InputStream in = new ByteArrayInputStream(exchange.bytes());
    byte[] body =
        "gzip".equals(exchange.header("content-encoding"))
            ? new GZIPInputStream(in).readAllBytes()
            : in.readAllBytes();
    JsonNode list =
        Envelope.isEnveloped(body, 0, body.length) ? decoded(body) : JSON.readTree(body);
    list.path("items").forEach(item -> put(items, item));
    list.path("rows").forEach(row -> put(items, row.get("object")));
    return list.at("/metadata/resourceVersion").asLong();
  }

  private static void put(Map<String, Long> items, JsonNode object) {
    JsonNode metadata = object.get("metadata");
    items.put(
        metadata.get("namespace").asText() + "/" + metadata.get("name").asText(),
        metadata.get("resourceVersion").asLong());
  }

  private static JsonNode decoded(byte[] body) throws Exception {
    Envelope.Content content = Envelope.open(body, 0, body.length);
    JsonKind kind = KubernetesTypes.kind(content.apiVersion(), content.kind());
    assertThat(kind).as(content.kind()).isNotNull();
    ByteBuf out = Unpooled.buffer();
    new JsonTranscoder(new LongAdder())
        .plain(kind, body, content.rawStart(), content.rawEnd())
        .writeObject(out);
    return JSON.readTree((InputStream) new ByteBufInputStream(out));
  }
}
