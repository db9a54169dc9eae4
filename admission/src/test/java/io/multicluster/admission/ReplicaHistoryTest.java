package io.multicluster.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.resource.GroupResource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplicaHistoryTest {
  private static final ObjectKey WEB = key("web");

  private final AtomicLong now = new AtomicLong();

  private record Seen(int replicas, long at) {}

  private static ObjectKey key(String name) {
    return new ObjectKey("", new GroupResource("apps", "deployments"), "prod", name);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void knowsTheHighestCountOfEveryWindow(long seed) {
    Random random = new Random(seed);
    ReplicaHistory history = new ReplicaHistory(now::get, Duration.ofSeconds(1000), 10);
    List<Seen> all = new ArrayList<>();
    for (int step = 0; step < 5000; step++) {
      now.addAndGet(Duration.ofSeconds(random.nextInt(60)).toNanos());
      int replicas = random.nextInt(20);
      history.note(WEB, replicas);
      all.add(new Seen(replicas, now.get()));
      Duration window = Duration.ofSeconds(random.nextInt(1000));
      int current = random.nextInt(20);
      int expected =
          all.stream()
              .filter(seen -> now.get() - seen.at <= window.toNanos())
              .mapToInt(Seen::replicas)
              .reduce(current, Math::max);
      assertThat(history.highest(WEB, window, current))
          .as("seed %d, step %d, window %s", seed, step, window)
          .isEqualTo(expected);
    }
  }

  @Test
  void remembersTooMuchRatherThanTooLittleWhenARowGetsLong() {
    ReplicaHistory history = new ReplicaHistory(now::get, Duration.ofHours(24), 10);
    for (int replicas = 100_000; replicas > 0; replicas--) {
      now.addAndGet(Duration.ofMillis(10).toNanos());
      history.note(WEB, replicas);
      assertThat(history.highest(WEB, Duration.ofSeconds(1), 0))
          .as("100 steps of 10 ms lie in the last second")
          .isGreaterThanOrEqualTo(Math.min(100_000, replicas + 100));
    }
    assertThat(history.highest(WEB, Duration.ofHours(1), 0)).isEqualTo(100_000);
  }

  @Test
  void saysWhenThereIsNoRoomAndFindsRoomAgainWhenTimeHasPassed() {
    ReplicaHistory history = new ReplicaHistory(now::get, Duration.ofMinutes(10), 2);
    assertThat(history.note(key("a"), 1)).isTrue();
    assertThat(history.note(key("b"), 1)).isTrue();
    assertThat(history.note(key("c"), 1)).isFalse();
    now.addAndGet(Duration.ofMinutes(11).toNanos());
    assertThat(history.note(key("c"), 1)).isTrue();
    assertThat(history.size()).isEqualTo(1);
  }
}
