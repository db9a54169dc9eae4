package io.multicluster.cache.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.cache.FeedEvent;
import io.multicluster.cache.FeedEvent.Bookmark;
import io.multicluster.cache.FeedEvent.Change;
import io.multicluster.cache.FeedEvent.ListBegin;
import io.multicluster.cache.FeedEvent.ListEnd;
import io.multicluster.cache.FeedEvent.ListItem;
import io.multicluster.cache.FeedEvent.Reachable;
import io.multicluster.cache.FeedEvent.Unreachable;
import io.multicluster.cache.FeedSink;
import io.multicluster.cache.feed.ScriptedServer.Asked;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReflectorTest {
  private static final Pattern RESOURCE_VERSION = Pattern.compile("\"resourceVersion\":\"(\\d+)\"");
  private final ScriptedServer server = new ScriptedServer();
  private final RecordingSink sink = new RecordingSink();
  private final FeedSettings quick =
      new FeedSettings(
          Duration.ofMillis(1),
          Duration.ofMillis(5),
          Duration.ofMinutes(5),
          Duration.ofMillis(500),
          2);
  private Thread thread = Thread.ofVirtual().unstarted(() -> {});

  @BeforeEach
  void start() {
    Reflector reflector =
        new Reflector(
            server, "/api/v1/pods", new JsonFormat(), sink, quick, new Random(7), () -> {});
    thread = Thread.ofVirtual().start(reflector);
  }

  @AfterEach
  void stop() throws InterruptedException {
    thread.interrupt();
    thread.join();
  }

  @Test
  void aStreamingListBecomesTheWatch() throws InterruptedException {
    Asked watch = server.next().open(200);
    assertThat(watch.head().query())
        .contains("watch=true", "sendInitialEvents=true", "resourceVersionMatch=NotOlderThan");
    watch.send(event("ADDED", "a", 3) + event("ADDED", "b", 5)).send(marker(7));
    watch.send(event("MODIFIED", "a", 8));
    assertThat(sink.take(5))
        .containsExactly("list", "item a 3", "item b 5", "end 7", "MODIFIED a 8");
  }

  @Test
  void anEventMayArriveInAnyPieces() throws InterruptedException {
    Asked watch = server.next().open(200);
    for (char c : (event("ADDED", "a", 3) + marker(7)).toCharArray()) {
      watch.send(String.valueOf(c));
    }
    assertThat(sink.take(3)).containsExactly("list", "item a 3", "end 7");
  }

  @Test
  void aServerWithoutStreamingListsIsListedInPages() throws InterruptedException {
    server.next().open(422).send("sendInitialEvents is forbidden").end();
    Asked first = server.next().open(200);
    assertThat(first.head().query()).isEqualTo("limit=2");
    first.send(page("9", "next/page", item("a", 3), item("b", 4))).end();
    Asked second = server.next().open(200);
    assertThat(second.head().query()).isEqualTo("limit=2&continue=next%2Fpage");
    second.send(page("9", "", item("c", 9))).end();
    assertThat(server.next().head().query()).contains("resourceVersion=9");
    assertThat(sink.take(5)).containsExactly("list", "item a 3", "item b 4", "item c 9", "end 9");
  }

  @Test
  void aWatchThatEndsGoesOnWhereItWas() throws InterruptedException {
    Asked watch = server.next().open(200);
    watch.send(marker(7)).send(event("ADDED", "a", 8)).send(bookmark(12)).end();
    Asked again = server.next();
    assertThat(again.head().query()).contains("resourceVersion=12").doesNotContain("sendInitial");
    assertThat(sink.take(4)).containsExactly("list", "end 7", "ADDED a 8", "bookmark 12");
  }

  @Test
  void anExpiredPositionIsListedAnew() throws InterruptedException {
    server.next().open(200).send(marker(7)).end();
    server.next().open(200).send(expired()).end();
    assertThat(server.next().head().query()).contains("sendInitialEvents=true");
    assertThat(sink.take(2)).containsExactly("list", "end 7");
  }

  @Test
  void anInterruptedFeedSaysSoOnceAndThenThatItIsBack() throws InterruptedException {
    server.next().open(200).send(marker(7)).end();
    server.next().receiver().failed(new java.io.IOException("connection refused"));
    server.next().receiver().failed(new java.io.IOException("connection refused"));
    server.next().open(200);
    assertThat(sink.take(4))
        .containsExactly("list", "end 7", "unreachable connection refused", "reachable");
  }

  @Test
  void aSilentWatchIsGivenUp() throws InterruptedException {
    Asked stalled = server.next().open(200).send(marker(7));
    Asked again = server.next();
    assertThat(again.head().query()).contains("resourceVersion=7");
    assertThat(stalled.cancelled().get()).isPositive();
    assertThat(sink.take(3)).last().asString().startsWith("unreachable nothing heard");
  }

  @Test
  void creditComesBackOnlyForWhatWasApplied() throws InterruptedException {
    sink.hold = true;
    Asked watch = server.next().open(200);
    String chunk = event("ADDED", "a", 3) + event("ADDED", "b", 4);
    watch.send(chunk);
    assertThat(watch.credit().get()).isZero();
    sink.applyOne();
    sink.applyOne();
    assertThat(watch.credit().get()).isZero();
    sink.applyOne();
    assertThat(watch.credit().get()).isEqualTo(chunk.length());
  }

  @Test
  void aDeletionBeforeTheMarkerIsSettledByPages() throws InterruptedException {
    server.next().open(200).send(event("ADDED", "a", 3)).send(event("DELETED", "a", 4));
    assertThat(server.next().head().query()).isEqualTo("limit=2");
  }

  @Test
  void malformedBytesBreakTheWatchOffInsteadOfTheFeed() throws InterruptedException {
    server.next().open(200).send(marker(7)).send("{nonsense\n");
    assertThat(server.next().head().query()).contains("resourceVersion=7");
  }

  private static String event(String type, String name, int rv) {
    return "{\"type\":\"" + type + "\",\"object\":" + item(name, rv) + "}\n";
  }

  private static String item(String name, int rv) {
    return "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\""
        + name
        + "\",\"resourceVersion\":\""
        + rv
        + "\"}}";
  }

  private static String bookmark(int rv) {
    return "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\""
        + rv
        + "\"}}}\n";
  }

  private static String marker(int rv) {
    return "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\""
        + rv
        + "\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n";
  }

  private static String expired() {
    return "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"message\":\"too old\"}}\n";
  }

  private static String page(String rv, String token, String... items) {
    return "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\""
        + rv
        + "\",\"continue\":\""
        + token
        + "\"},\"items\":["
        + String.join(",", items)
        + "]}";
  }

  /** Writes down what it is told, in words. */
  private static final class RecordingSink implements FeedSink {
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final Queue<Runnable> held = new ArrayDeque<>();
    private volatile boolean hold;
    private volatile String position = "";

    @Override
    public String resumeFrom() {
      return position;
    }

    @Override
    public void accept(FeedEvent event, Runnable applied) {
      switch (event) {
        case ListBegin() -> heard.add("list");
        case ListItem(byte[] object, int length) -> heard.add("item " + words(object, length));
        case ListEnd(String rv) -> {
          position = rv;
          heard.add("end " + rv);
        }
        case Change(FeedEvent.ChangeType type, byte[] object, int length) -> {
          position = words(object, length).replaceFirst(".* ", "");
          heard.add(type + " " + words(object, length));
        }
        case Bookmark(String rv) -> {
          position = rv;
          heard.add("bookmark " + rv);
        }
        case Unreachable(String reason) -> heard.add("unreachable " + reason);
        case Reachable() -> heard.add("reachable");
      }
      if (hold) {
        held.add(applied);
      } else {
        applied.run();
      }
    }

    void applyOne() {
      held.remove().run();
    }

    java.util.List<String> take(int count) throws InterruptedException {
      java.util.List<String> taken = new java.util.ArrayList<>();
      while (taken.size() < count) {
        String next = heard.poll(5, TimeUnit.SECONDS);
        if (next == null) {
          throw new AssertionError("only heard " + taken);
        }
        taken.add(next);
      }
      return taken;
    }

    @Override
    public void leave() {}

    private static String words(byte[] object, int length) {
      String json = new String(object, 0, length, StandardCharsets.UTF_8);
      Matcher name = Pattern.compile("\"name\":\"(\\w+)\"").matcher(json);
      Matcher rv = RESOURCE_VERSION.matcher(json);
      return name.find() && rv.find() ? name.group(1) + " " + rv.group(1) : json;
    }
  }
}
