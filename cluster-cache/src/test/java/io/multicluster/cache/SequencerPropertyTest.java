package io.multicluster.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
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
  void readersSeeTheUnionOfTheMembersAndNothingTwice(long seed) throws IOException {
    try (World world = new World(seed, null)) {
      world.run();
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aRestartIsSeenByNobody(long seed, @TempDir Path folder) throws IOException {
    try (World world = new World(seed, folder)) {
      world.run();
    }
  }

  private static final class World implements AutoCloseable {
    private final Random random;
    private final String about;
    private final @Nullable Path folder;
    private final LogLimits limits;
    private KindCache cache;
    private int runs;
    private final List<FakeMember> fakes = new ArrayList<>();
    private final List<Reader> readers = new ArrayList<>();
    private final Map<Long, Map<String, Long>> past = new TreeMap<>();
    private final boolean restores;
    private long wallMillis = 1_700_000_000_000L;

    /**
     * @param folder null for a cache that keeps nothing on disk, and is not restarted
     */
    World(long seed, @Nullable Path folder) {
      random = new Random(seed);
      this.folder = folder;
      about = "seed " + seed;
      restores = random.nextInt(3) == 0;
      limits = new LogLimits(random.nextBoolean() ? 1 << 30 : 200_000, Duration.ofHours(1));
      cache = newCache();
      CacheFeeds feeds = new CurrentCache();
      for (String name : List.of("east", "west", "north")) {
        fakes.add(new FakeMember(feeds, name, random));
      }
      readers.add(new Reader(cache.snapshot()));
    }

    private KindCache newCache() {
      CacheOptions usual = CacheOptions.of(List.of(CachedKind.PODS));
      return new KindCache(
          CachedKind.PODS,
          new CacheOptions(
              usual.kinds(),
              "",
              7,
              folder == null ? null : folder.resolve("run" + runs),
              List.of("app"),
              true,
              limits,
              new HistoryLimits(4, Duration.ofHours(1), 1 << 30),
              usual.sharedFrameBytes(),
              usual.patience(),
              usual.writePatience(),
              Duration.ZERO,
              true,
              // The clock stands still and jumps back at times.
              () -> wallMillis,
              () -> 0),
          2);
    }

    void run() throws IOException {
      for (int i = 0; i < 1500; i++) {
        if (folder != null && random.nextInt(60) == 0) {
          restart(folder);
        }
        step();
      }
      settle();
      checkUnion();
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
        case 8 -> cache.sequencer().clock().observe(((wallMillis + 5) << 12) << 8);
        case 9 -> readers.add(new Reader(cache.snapshot()));
        case 10 -> {
          checkPast();
          cache.startGeneration();
        }
        case 11, 12, 13, 14, 15, 16 -> publish();
        case 17, 18, 19, 20, 21, 22, 23, 24 -> fake.mutate();
        default -> fake.step();
      }
    }

    private void publish() {
      cache.sequencer().runPending();
      cache.sequencer().events().expire(0);
      Snapshot snapshot = cache.snapshot();
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
      while (cache.sequencer().runPending()) {
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
      CopyOnWriteBTree.Cursor<CachedObject> all = cache.snapshot().objects().cursor(new byte[0]);
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
      Map<String, Long> minted = versions(cache.snapshot());
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
        Snapshot again = cache.history().at(version);
        if (version >= cache.sequencer().events().floor()) {
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
        next = cache.sequencer().events().after(position);
        expired = next < 0;
      }

      /** After a restart: a position is good, or it is refused. */
      void reconnect() {
        long known = cache.snapshot().resourceVersion();
        if (position > known) {
          assertThat(cache.comparable(position)).as(about).isFalse();
          expired = true;
        } else {
          next = cache.sequencer().events().after(position);
          assertThat(next < 0).as(about).isEqualTo(position < cache.sequencer().events().floor());
          expired |= next < 0;
        }
      }

      void read(int most) {
        if (random.nextInt(3) == 0 && !expired) {
          next = cache.sequencer().events().after(position); // as a client that reconnects
          expired = next < 0;
        }
        for (int i = 0; i < most && !expired && next < cache.sequencer().events().end(); i++) {
          LogEntry entry = cache.sequencer().events().get(next++);
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

    /**
     * The process ends, at once or with the machine, and starts again on the files as they are.
     * Time passes, members leave meanwhile.
     */
    private void restart(Path kept) throws IOException {
      Path files = kept.resolve("run" + runs).resolve("pods");
      Path copies = kept.resolve("run" + ++runs).resolve("pods");
      while (!copied(files, copies)) {
        // A checkpoint was completed meanwhile, and what it replaces was deleted.
      }
      boolean damaged = random.nextInt(4) == 0 && damageLastLog(copies);
      Snapshot before = cache.snapshot();
      cache.close();
      wallMillis += 100;
      cache = newCache();
      Snapshot after = cache.snapshot();
      if (!damaged) {
        assertSame(before, after);
      }
      past.keySet().removeIf(version -> version > after.resourceVersion());
      readers.forEach(Reader::reconnect);
      Set<String> names = new TreeSet<>();
      for (FakeMember fake : fakes) {
        if (random.nextInt(6) == 0) {
          fake.forget();
        } else if (fake.joined()) {
          names.add(fake.name());
        }
      }
      if (random.nextBoolean()) {
        cache.members().membersKnown(names);
      }
      fakes.stream().filter(FakeMember::joined).forEach(FakeMember::join);
      cache.members().membersKnown(names);
    }

    private void assertSame(Snapshot before, Snapshot after) {
      assertThat(after.resourceVersion()).as(about).isEqualTo(before.resourceVersion());
      assertThat(versions(after)).as(about).isEqualTo(versions(before));
      CopyOnWriteBTree.Cursor<CachedObject> all = before.objects().cursor(new byte[0]);
      for (CachedObject o = all.next(); o != null; o = all.next()) {
        CachedObject again = after.get(o.key());
        assertThat(again).as(about).isNotNull();
        assertThat(again.bytes()).as(about).isEqualTo(o.bytes());
        assertThat(again.memberVersion()).as(about).isEqualTo(o.memberVersion());
      }
      checkIndexes(after);
    }

    private static boolean copied(Path files, Path copies) throws IOException {
      Files.createDirectories(copies);
      for (Path file : list(copies)) {
        Files.delete(file);
      }
      for (Path file : list(files)) {
        try {
          Files.copy(file, copies.resolve(file.getFileName()));
        } catch (NoSuchFileException e) {
          return false;
        }
      }
      return true;
    }

    private static List<Path> list(Path folder) throws IOException {
      try (Stream<Path> all = Files.list(folder)) {
        return all.toList();
      }
    }

    /** Returns whether something that was written is lost. */
    private boolean damageLastLog(Path files) throws IOException {
      Path last =
          list(files).stream()
              .filter(file -> file.toString().endsWith(".log"))
              .max(Comparator.comparingLong(World::generation))
              .orElseThrow();
      byte[] bytes = Files.readAllBytes(last);
      if (bytes.length < 200) {
        return false;
      }
      if (random.nextBoolean()) {
        bytes[100 + random.nextInt(bytes.length - 100)] ^= 4;
      } else {
        bytes = Arrays.copyOf(bytes, 100 + random.nextInt(bytes.length - 100));
      }
      Files.write(last, bytes);
      return true;
    }

    private static long generation(Path file) {
      String name = file.getFileName().toString();
      return Long.parseLong(name.substring(0, name.indexOf('.')));
    }

    @Override
    public void close() {
      cache.close();
    }

    /** The members feed whichever cache there is. */
    private final class CurrentCache implements CacheFeeds {
      @Override
      public List<CachedKind> kinds() {
        return List.of(CachedKind.PODS);
      }

      @Override
      public FeedSink join(CachedKind kind, Member member) {
        return cache.members().join(member);
      }

      @Override
      public void membersKnown(Set<String> names) {
        cache.members().membersKnown(names);
      }

      @Override
      public void removed(String name) {
        cache.members().removed(name);
      }
    }
  }
}
