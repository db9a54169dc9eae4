package io.multicluster.cache;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A member as its API server has it: pods under resourceVersions that count up, a history that can
 * be compacted, a disk that can be restored to the past. With it, a feed that makes the mistakes of
 * the network: breaks, aborted lists, resumption.
 */
final class FakeMember {
  private static final String[] NAMESPACES = {"a", "a-b", "b"};

  private final CacheFeeds cache;
  private final String name;
  private final Random random;
  private final TreeMap<String, Pod> pods = new TreeMap<>();
  private final List<FeedEvent.Change> history = new ArrayList<>();
  private final List<Long> versions = new ArrayList<>();
  private long version = 1;
  private long compacted = 1;
  private int incarnation = 1;
  private int uids;

  private @Nullable FeedSink sink;

  /** The next entry of the history that the watch sends; -1: there is no watch. */
  private int watch = -1;

  /** The feed noticed at once that versions went back; if it can't, nobody can. */
  private boolean restored;

  record Pod(
      String namespace,
      String name,
      String uid,
      long version,
      Map<String, String> labels,
      String node,
      String phase) {
    byte[] bytes(long at) {
      return TestObjects.pod(namespace, name, uid, at, labels, node, phase);
    }
  }

  FakeMember(CacheFeeds cache, String name, Random random) {
    this.cache = cache;
    this.name = name;
    this.random = random;
  }

  String name() {
    return name;
  }

  boolean joined() {
    return sink != null;
  }

  /** What the member holds, under {@code namespace/name}. */
  Map<String, Pod> pods() {
    return pods;
  }

  /** Something happens in the member. */
  void mutate() {
    String namespace = NAMESPACES[random.nextInt(NAMESPACES.length)];
    String podName = "p" + random.nextInt(12);
    String key = namespace + "/" + podName;
    Pod known = pods.get(key);
    version += 1 + random.nextInt(3);
    if (known == null) {
      Pod pod = pod(namespace, podName, name + "-" + incarnation + "-" + uids++);
      pods.put(key, pod);
      record(FeedEvent.ChangeType.ADDED, pod);
    } else if (random.nextInt(3) == 0) {
      pods.remove(key);
      record(FeedEvent.ChangeType.DELETED, known);
    } else {
      Pod pod = pod(namespace, podName, known.uid);
      pods.put(key, pod);
      record(FeedEvent.ChangeType.MODIFIED, pod);
    }
  }

  private Pod pod(String namespace, String podName, String uid) {
    return new Pod(
        namespace,
        podName,
        uid,
        version,
        Map.of("app", "app" + random.nextInt(3), "v", Long.toString(version)),
        random.nextInt(4) == 0 ? "" : "node" + random.nextInt(3),
        random.nextBoolean() ? "Running" : "Pending");
  }

  private void record(FeedEvent.ChangeType type, Pod pod) {
    history.add(FeedEvents.change(type, pod.bytes(version)));
    versions.add(version);
  }

  void compact() {
    compacted = version;
  }

  /** The disk is replaced by an older copy of itself: versions go back. */
  void restoreThePast() {
    watch = -1;
    restored = true;
    pods.values().removeIf(pod -> random.nextInt(3) == 0);
    for (Map.Entry<String, Pod> entry : pods.entrySet()) {
      if (random.nextInt(3) == 0) {
        // Another content under a version that was given before.
        Pod pod = entry.getValue();
        entry.setValue(
            new Pod(
                pod.namespace,
                pod.name,
                pod.uid,
                pod.version,
                Map.of("app", "old"),
                pod.node,
                "Pending"));
      }
    }
    long highest = pods.values().stream().mapToLong(Pod::version).max().orElse(1);
    version = Math.max(highest, version / 2);
    compacted = version;
    history.clear();
    versions.clear();
  }

  void rebuild() {
    watch = -1;
    incarnation++;
    pods.clear();
    history.clear();
    versions.clear();
    version = 1L + random.nextInt(50);
    compacted = version;
    if (sink != null) {
      join();
    }
  }

  /** The feed starts, or starts over. */
  void join() {
    sink = cache.join(CachedKind.PODS, new Member(name, name + "-" + incarnation));
    watch = -1;
  }

  void leave() {
    if (sink != null) {
      sink.leave();
    }
    sink = null;
    watch = -1;
  }

  /** Leaves while nobody is there to be told. */
  void forget() {
    sink = null;
    watch = -1;
  }

  void breakOff() {
    watch = -1;
    if (random.nextBoolean()) {
      accept(new FeedEvent.Unreachable("broken"));
    }
  }

  /** One step of the feed: connect (by list or by resuming), or pass on some events. */
  void step() {
    if (sink == null) {
      return;
    }
    if (watch < 0) {
      String resume = sink.resumeFrom();
      if (restored
          || resume.isEmpty()
          || Long.parseLong(resume) < compacted
          || random.nextInt(10) == 0) {
        list();
        return;
      }
      long from = Long.parseLong(resume);
      watch = 0;
      while (watch < versions.size() && versions.get(watch) <= from) {
        watch++;
      }
      accept(new FeedEvent.Reachable());
    }
    for (int i = random.nextInt(4); i > 0 && watch < history.size(); i--) {
      FeedEvent.Change change = history.get(watch++);
      accept(new FeedEvent.Change(change.type(), change.object().clone(), change.length()));
    }
    if (watch == history.size() && random.nextInt(4) == 0) {
      accept(new FeedEvent.Bookmark(Long.toString(version)));
    }
  }

  private void list() {
    accept(new FeedEvent.ListBegin());
    List<Pod> items = new ArrayList<>(pods.values());
    if (random.nextBoolean()) {
      Collections.shuffle(items, random);
    }
    int most = random.nextInt(5) == 0 ? random.nextInt(items.size() + 1) : Integer.MAX_VALUE;
    for (Pod pod : items) {
      if (most-- == 0) {
        return; // the list breaks off
      }
      accept(FeedEvents.item(pod.bytes(pod.version)));
    }
    accept(new FeedEvent.ListEnd(Long.toString(version)));
    restored = false;
    watch = history.size();
  }

  /** Until the cache has been told everything. */
  void catchUp() {
    for (int i = 0; i < 10_000 && sink != null && (watch < 0 || watch < history.size()); i++) {
      step();
    }
  }

  private void accept(FeedEvent event) {
    if (sink != null) {
      FeedEvents.send(sink, event, () -> {});
    }
  }
}
