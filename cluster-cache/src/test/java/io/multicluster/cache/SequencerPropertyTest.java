package io.multicluster.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random histories of several members with faults: what readers of the log and snapshots see. */
class SequencerPropertyTest {
  private static final KindIndexes INDEXES = new KindIndexes(CachedKind.PODS, List.of("app"));

  static List<Long> seeds() {
    List<Long> seeds = new ArrayList<>();
    for (long seed = 1; seed <= Long.getLong("cache.seeds", 60); seed++) {
      seeds.add(seed);
    }
    return seeds;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void readersSeeTheUnionOfTheMembersAndNothingTwice(long seed) {
    World world = new World(seed);
    for (int i = 0; i < 1500; i++) {
      world.step();
    }
    world.settle();
    world.checkUnion();
  }

  private static final class World {
    private final Random random;
    private final String about;
    private final Sequencer sequencer;
    private final Members members;
    private final History history;
    private final List<FakeMember> fakes = new ArrayList<>();
    private final List<Reader> readers = new ArrayList<>();
    private final Map<Long, Map<String, Long>> past = new TreeMap<>();
    private final boolean restores;
    private long wallMillis = 1_700_000_000_000L;

    World(long seed) {
      random = new Random(seed);
      about = "seed " + seed;
      restores = random.nextInt(3) == 0;
      // The clock stands still and jumps back at times.
      HybridClock clock = new HybridClock(() -> wallMillis, 7);
      sequencer =
          new Sequencer(
              INDEXES.definitions(),
              clock,
              new LogLimits(random.nextBoolean() ? 1 << 30 : 200_000, Duration.ofHours(1)),
              () -> 0);
      history =
          new History(
              sequencer, INDEXES, new HistoryLimits(4, Duration.ofHours(1), 1 << 30), () -> 0);
      members =
          new Members(
              CachedKind.PODS, sequencer, INDEXES.cluster(), 2, true, Duration.ZERO, () -> 0);
      CacheFeeds feeds = new OneKind(members);
      for (String name : List.of("east", "west", "north")) {
        fakes.add(new FakeMember(feeds, name, random));
      }
      readers.add(new Reader(sequencer.snapshot()));
    }

    void step() {
      FakeMember fake = fakes.get(random.nextInt(fakes.size()));
      switch (random.nextInt(40)) {
        case 0 -> {
          if (fake.joined()) {
            fake.leave();
          }
          if (random.nextBoolean()) {
            fake.join();
            fake.step();
          }
        }
        case 1 -> fake.rebuild();
        case 2 -> {
          if (restores) {
            fake.restoreThePast();
          }
        }
        case 3 -> fake.compact();
        case 4, 5 -> fake.breakOff();
        case 6 -> {
          if (fake.joined()) {
            fake.join(); // the feed starts over
          }
        }
        case 7 -> wallMillis += random.nextInt(10) - 3;
        case 8 -> sequencer.clock().observe(((wallMillis + 5) << 12) << 8);
        case 9 -> readers.add(new Reader(sequencer.snapshot()));
        case 10 -> checkPast();
        case 11, 12, 13, 14, 15, 16 -> publish();
        case 17, 18, 19, 20, 21, 22, 23, 24 -> fake.mutate();
        default -> fake.step();
      }
    }

    private void publish() {
      sequencer.runPending();
      sequencer.events().expire(0);
      Snapshot snapshot = sequencer.snapshot();
      if (past.put(snapshot.resourceVersion(), versions(snapshot)) == null) {
        checkIndexes(snapshot);
      }
      readers.removeIf(reader -> random.nextInt(200) == 0);
      readers.forEach(reader -> reader.read(random.nextInt(30)));
    }

    void settle() {
      for (FakeMember fake : fakes) {
        fake.catchUp();
      }
      while (sequencer.runPending()) {
        // Deletions of members that left come in portions.
      }
      readers.forEach(reader -> reader.read(Integer.MAX_VALUE));
    }

    void checkUnion() {
      Map<String, Long> expected = new TreeMap<>();
      for (FakeMember fake : fakes) {
        if (fake.joined()) {
          fake.pods().forEach((key, pod) -> expected.put(key + "@" + fake.name(), pod.version()));
        }
      }
      Map<String, Long> actual = new TreeMap<>();
      CopyOnWriteBTree.Cursor<CachedObject> all =
          sequencer.snapshot().objects().cursor(new byte[0]);
      for (CachedObject o = all.next(); o != null; o = all.next()) {
        actual.put(o.namespace() + "/" + o.name() + "@" + o.cluster(), o.memberVersion());
        FakeMember.Pod pod = member(o.cluster()).pods().get(o.namespace() + "/" + o.name());
        assertThat(pod).as("%s: %s", about, o).isNotNull();
        assertThat(o.uid()).as(about).isEqualTo(pod.uid());
        assertThat(o.get("status.phase")).as(about).isEqualTo(pod.phase());
        assertThat(o.labels().get("app")).as(about).isEqualTo(pod.labels().get("app"));
        assertThat(o.labels().get("multicluster.io/cluster")).isEqualTo(o.cluster());
        assertThat(TestObjects.meta(o.bytes()).resourceVersion())
            .isEqualTo(Long.toString(o.resourceVersion()));
      }
      assertThat(actual).as(about).isEqualTo(expected);
      Map<String, Long> minted = versions(sequencer.snapshot());
      for (Reader reader : readers) {
        if (!reader.expired) {
          assertThat(reader.state).as(about).isEqualTo(minted);
        }
      }
    }

    private FakeMember member(String name) {
      return fakes.stream().filter(fake -> fake.name().equals(name)).findFirst().orElseThrow();
    }

    /** Any position whose events are in the log can be looked at again, exactly. */
    private void checkPast() {
      past.forEach((version, state) -> {
        Snapshot again = history.at(version);
        if (version >= sequencer.events().floor()) {
          assertThat(again).as("%s at %s", about, version).isNotNull();
        }
        if (again != null) {
          assertThat(versions(again)).as("%s at %s", about, version).isEqualTo(state);
          checkIndexes(again);
        }
      });
    }

    private void checkIndexes(Snapshot snapshot) {
      for (int i = 0; i < INDEXES.definitions().size(); i++) {
        Map<String, List<String>> expected = new HashMap<>();
        CopyOnWriteBTree.Cursor<CachedObject> all = snapshot.objects().cursor(new byte[0]);
        for (CachedObject o = all.next(); o != null; o = all.next()) {
          assertThat(o.resourceVersion()).isLessThanOrEqualTo(snapshot.resourceVersion());
          String value = INDEXES.definitions().get(i).value().apply(o);
          if (value != null && !value.isEmpty()) {
            expected.computeIfAbsent(value, v -> new ArrayList<>()).add(new String(o.key(), UTF_8));
          }
        }
        Index index = snapshot.indexes().get(i);
        expected.forEach((value, keys) -> {
          List<String> found = new ArrayList<>();
          CopyOnWriteBTree.Cursor<byte[]> cursor = index.keys(value).cursor(new byte[0]);
          for (byte[] key = cursor.next(); key != null; key = cursor.next()) {
            found.add(new String(key, UTF_8));
          }
          assertThat(found).as("%s index %s", about, value).isEqualTo(keys);
        });
        assertThat(index.keys("nobody").size()).isZero();
      }
    }

    /** Starts from a snapshot and follows the log from there. */
    private final class Reader {
      final Map<String, Long> state;
      long position;
      long next;
      boolean expired;

      Reader(Snapshot start) {
        state = versions(start);
        position = start.resourceVersion();
        next = sequencer.events().after(position);
        expired = next < 0;
      }

      void read(int most) {
        if (random.nextInt(3) == 0 && !expired) {
          next = sequencer.events().after(position); // as a client that reconnects
          expired = next < 0;
        }
        for (int i = 0; i < most && !expired && next < sequencer.events().end(); i++) {
          LogEntry entry = sequencer.events().get(next++);
          if (entry == null) {
            expired = true;
            return;
          }
          assertThat(entry.resourceVersion()).as(about).isGreaterThan(position);
          position = entry.resourceVersion();
          String key = new String(entry.key(), UTF_8);
          CachedObject before = entry.before();
          CachedObject after = entry.after();
          assertThat(state.get(key))
              .as("%s: %s before %s", about, key, position)
              .isEqualTo(before == null ? null : before.resourceVersion());
          if (before != null && after != null) {
            assertThat(after.uid()).as(about).isEqualTo(before.uid());
            assertThat(after.origin()).as(about).isSameAs(before.origin());
            if (!restores) {
              assertThat(after.memberVersion()).as(about).isGreaterThan(before.memberVersion());
            }
          }
          if (after == null) {
            state.remove(key);
          } else {
            assertThat(after.resourceVersion()).isEqualTo(position);
            state.put(key, position);
          }
        }
      }
    }

    private static Map<String, Long> versions(Snapshot snapshot) {
      Map<String, Long> versions = new TreeMap<>();
      CopyOnWriteBTree.Cursor<CachedObject> all = snapshot.objects().cursor(new byte[0]);
      for (CachedObject o = all.next(); o != null; o = all.next()) {
        versions.put(new String(o.key(), UTF_8), o.resourceVersion());
      }
      return versions;
    }
  }

  private record OneKind(Members members) implements CacheFeeds {
    @Override
    public List<CachedKind> kinds() {
      return List.of(CachedKind.PODS);
    }

    @Override
    public FeedSink join(CachedKind kind, Member member) {
      return members.join(member);
    }

    @Override
    public void membersKnown() {
      members.membersKnown();
    }
  }
}
