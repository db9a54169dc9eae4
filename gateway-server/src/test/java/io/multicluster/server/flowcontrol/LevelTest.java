package io.multicluster.server.flowcontrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.server.flowcontrol.Level.Entry;
import io.multicluster.server.flowcontrol.PriorityLevel.Queuing;
import io.netty.util.AsciiString;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LevelTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private static final long NOISY = ShuffleSharding.hash("s", "noisy");
  private static final long QUIET = ShuffleSharding.hash("s", "quiet");

  private long now = 1;

  /** Too wide to matter unless a test says so. */
  private CongestionWindow congestion = new CongestionWindow(1000, 1000, () -> now);

  @Test
  void runsWhatFitsAndQueuesTheRestInOrder() {
    Level level = level(2, new Queuing(1, 1, 2));
    List<String> ran = new ArrayList<>();
    Ticket a = ticket("a", 1, ran);
    Ticket c = ticket("c", 1, ran);
    Ticket d = ticket("d", 1, ran);

    assertThat(level.enter(a, 0)).isEqualTo(Entry.NOW);
    assertThat(level.enter(ticket("b", 1, ran), 0)).isEqualTo(Entry.NOW);
    assertThat(level.enter(c, 0)).isEqualTo(Entry.LATER);
    assertThat(level.enter(d, 0)).isEqualTo(Entry.LATER);
    assertThat(level.enter(ticket("e", 1, ran), 0))
        .as("the queue is full")
        .isEqualTo(Entry.REFUSED);

    level.exit(a);
    assertThat(ran).containsExactly("c");
    level.exit(a);
    assertThat(ran).as("a request ends once").containsExactly("c");
    level.exit(c);
    assertThat(ran).containsExactly("c", "d");
  }

  @Test
  void refusesWithoutQueuesWhatFindsNoSeat() {
    Level level = level(1, null);
    Ticket first = ticket("a", 1, new ArrayList<>());
    assertThat(level.enter(first, 0)).isEqualTo(Entry.NOW);
    assertThat(level.enter(ticket("b", 1, new ArrayList<>()), 0)).isEqualTo(Entry.REFUSED);
    level.exit(first);
    assertThat(level.enter(ticket("c", 1, new ArrayList<>()), 0)).isEqualTo(Entry.NOW);
  }

  @Test
  void forgetsWhoWaitedTooLongOrLeft() {
    Level level = level(1, new Queuing(1, 1, 10));
    List<String> ran = new ArrayList<>();
    Ticket running = ticket("a", 1, ran);
    Ticket slow = ticket("slow", 1, ran);
    Ticket gone = ticket("gone", 1, ran);
    Ticket next = ticket("next", 1, ran);
    level.enter(running, 0);
    level.enter(slow, 0);
    level.enter(gone, 0);
    level.enter(next, 0);

    level.giveUp(slow);
    assertThat(ran).containsExactly("slow refused");
    level.exit(gone);
    level.exit(running);
    assertThat(ran).containsExactly("slow refused", "next");
    level.giveUp(next);
    assertThat(ran).as("it runs already").containsExactly("slow refused", "next");
  }

  @Test
  void letsAWideRequestRunAloneAndNotStarve() {
    Level level = level(2, new Queuing(2, 1, 10));
    List<String> ran = new ArrayList<>();
    Ticket narrow = ticket("narrow", 1, ran);
    Ticket wide = ticket("wide", 5, ran);
    Ticket other = ticket("other", 1, ran);
    level.enter(narrow, 0);
    assertThat(level.enter(wide, 0)).isEqualTo(Entry.LATER);
    assertThat(level.enter(other, 1))
        .as("a free seat is kept for the wide one")
        .isEqualTo(Entry.LATER);
    level.exit(narrow);
    assertThat(level.seatsRunning()).isGreaterThan(0);
    level.exit(wide);
    level.exit(other);
    assertThat(ran).containsExactlyInAnyOrder("wide", "other");
    assertThat(level.seatsRunning()).isZero();
  }

  @Test
  void letsALightFlowPassBusyOnesThatWaitForTheProcessors() {
    congestion = narrowed(8);
    Level level = level(50, new Queuing(64, 6, 50));
    List<String> ran = new ArrayList<>();
    List<Ticket> first = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      first.add(ticket("noisy", 1, ran));
      assertThat(level.enter(first.getLast(), NOISY))
          .as("alone, a busy flow has all seats")
          .isEqualTo(Entry.NOW);
    }

    assertThat(level.enter(ticket("quiet", 1, ran), QUIET)).isEqualTo(Entry.NOW);
    assertThat(level.enter(ticket("noisy", 1, ran), NOISY))
        .as("somebody is there to notice")
        .isEqualTo(Entry.LATER);
    assertThat(level.enter(ticket("third", 1, ran), ShuffleSharding.hash("s", "third")))
        .isEqualTo(Entry.NOW);

    for (Ticket ticket : first.subList(0, 18)) {
      level.exit(ticket);
    }
    assertThat(ran).as("the first was light, and two more have the window").isEmpty();
    level.exit(first.get(18));
    assertThat(ran).containsExactly("noisy");
  }

  @Test
  void givesBackTheRoomOfWhatWaitsForAnotherServer() {
    congestion = narrowed(8);
    Level level = level(50, new Queuing(64, 6, 50));
    List<String> ran = new ArrayList<>();
    List<Ticket> noisy = enterBesideALightOne(level, 8, ran);
    assertThat(level.seatsRunning()).as("the light ones, and two in the window").isEqualTo(4);

    level.age();
    assertThat(ran).as("they are young yet").isEmpty();
    level.age();
    assertThat(ran).containsExactly("noisy-3", "noisy-4");
    noisy.subList(0, 5).forEach(level::exit);
    assertThat(ran).as("each place is given once").hasSize(4);
    noisy.forEach(level::exit);
    assertThat(level.seatsRunning()).isEqualTo(1);
  }

  private static List<Ticket> enterBesideALightOne(Level level, int requests, List<String> ran) {
    level.enter(ticket("light", 1, ran), QUIET);
    List<Ticket> noisy = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      noisy.add(ticket("noisy-" + i, 1, ran));
      level.enter(noisy.getLast(), NOISY);
    }
    return noisy;
  }

  @Test
  void letsTheLastSeatRestAsLongAsItWasTaken() {
    congestion = narrowed(2);
    Level level = level(50, new Queuing(64, 6, 50));
    List<String> ran = new ArrayList<>();
    List<Ticket> noisy = enterBesideALightOne(level, 5, ran);
    now += 3 * MILLI;
    assertThat(level.exit(noisy.get(1))).isEqualTo(3 * MILLI);
    now += 2 * MILLI;
    level.dispatch();
    assertThat(ran).as("it rests").isEmpty();
    assertThat(level.enter(ticket("third", 1, ran), ShuffleSharding.hash("s", "third")))
        .as("light flows need no such seat")
        .isEqualTo(Entry.NOW);
    now += MILLI;
    level.dispatch();
    assertThat(ran).containsExactly("noisy-2");

    now += MILLI;
    level.age();
    level.age();
    assertThat(ran).as("noisy-2 waits for another server").containsExactly("noisy-2", "noisy-3");
    assertThat(level.exit(noisy.get(2))).as("and has given back its seat").isZero();

    now += TimeUnit.SECONDS.toNanos(6);
    level.exit(noisy.get(3));
    assertThat(ran).as("nobody is there to notice").hasSize(3).endsWith("noisy-4");
  }

  @Test
  void lendsSeatsWithoutRestToMoreThanThreeProcessors() {
    congestion = narrowed(4);
    assertThat(congestion.seatsRest()).isFalse();
    congestion = narrowed(3);
    assertThat(congestion.seatsRest()).isTrue();
    congestion.lightFlowCame(QUIET);
    admitted();
    congestion.adapt(0.1);
    assertThat(congestion.seatsRest()).as("wider").isFalse();
  }

  @Test
  void takesManyProcessorsForShortOnlyWhenTheyAreBusierThanFew() {
    assertThat(isShort(2, 0.55)).isFalse();
    assertThat(isShort(2, 0.6)).isTrue();
    assertThat(isShort(16, 0.84)).isFalse();
    assertThat(isShort(16, 0.86)).isTrue();
    assertThat(isShort(64, 0.92)).isFalse();
    assertThat(isShort(64, 0.93)).isTrue();
  }

  private boolean isShort(int processors, double load) {
    congestion = new CongestionWindow(processors, 1000, () -> now);
    congestion.lightFlowCame(QUIET);
    admitted();
    congestion.adapt(load);
    return admitted() < 1000;
  }

  @Test
  void keepsSeatsForAWideRequestFromLightFlowsToo() {
    congestion = new CongestionWindow(1, 100, () -> now);
    Level level = level(2, new Queuing(8, 2, 10));
    List<String> ran = new ArrayList<>();
    Ticket running = ticket("running", 1, ran);
    level.enter(running, NOISY);
    level.enter(ticket("wide", 2, ran), QUIET);
    assertThat(level.enter(ticket("third", 1, ran), ShuffleSharding.hash("s", "third")))
        .isEqualTo(Entry.LATER);
    level.exit(running);
    assertThat(ran).containsExactly("wide");
  }

  @Test
  void narrowsTheWindowWhileProcessorsAreShortAndWidensItWhileItIsWanted() {
    congestion = new CongestionWindow(8, 100, () -> now);
    congestion.lightFlowCame(QUIET);
    congestion.adapt(0.7);
    assertThat(admitted()).as("they were not short so far").isEqualTo(100);
    congestion.adapt(0.9);
    assertThat(admitted()).as("plenty for each").isEqualTo(32);
    for (int i = 0; i < 10; i++) {
      congestion.adapt(0.9);
      assertThat(admitted()).isBetween(2, 16);
    }
    assertThat(admitted()).as("a quarter of the processors").isEqualTo(2);
    now += TimeUnit.SECONDS.toNanos(6);
    congestion.lightFlowCame(QUIET);
    congestion.adapt(Double.NaN);
    admitted();
    congestion.adapt(Double.NaN);
    assertThat(admitted()).as("who does not know the load is not short").isEqualTo(3);

    now += TimeUnit.SECONDS.toNanos(6);
    assertThat(admitted()).as("nobody is there to notice").isEqualTo(1000);
    congestion.lightFlowCame(QUIET);
    assertThat(admitted()).as("it was kept").isEqualTo(3);
    congestion.adapt(0.7);
    assertThat(admitted()).as("and half a seat").isEqualTo(3);
    for (int i = 0; i < 40; i++) {
      congestion.adapt(0.7);
      assertThat(admitted()).as("wanted").isGreaterThan(3);
    }
    assertThat(admitted()).as("at most").isEqualTo(100);
  }

  @Test
  void forgetsTheWindowWhenProcessorsWereNotShortForLong() {
    congestion = narrowed(8);
    now += TimeUnit.SECONDS.toNanos(150);
    congestion.adapt(0.7);
    congestion.lightFlowCame(QUIET);
    assertThat(admitted()).isEqualTo(2);
    congestion.adapt(0.9);
    now += TimeUnit.SECONDS.toNanos(150);
    congestion.adapt(0.7);
    congestion.lightFlowCame(QUIET);
    assertThat(admitted()).as("they were short again, if no more could be done").isEqualTo(2);
    congestion.adapt(0.9);
    now += TimeUnit.SECONDS.toNanos(170);
    congestion.adapt(0.7);
    congestion.lightFlowCame(QUIET);
    assertThat(admitted()).isEqualTo(100);
    congestion.adapt(0.9);
    assertThat(admitted()).isEqualTo(32);
  }

  @Test
  void holdsABusyFlowBackForOthersOnly() {
    congestion = narrowed(8);
    assertThat(admitted()).as("nobody came").isEqualTo(1000);
    congestion.lightFlowCame(NOISY);
    assertThat(admitted()).as("it began with one").isEqualTo(1000);
    congestion.lightFlowCame(QUIET);
    assertThat(admitted()).isEqualTo(2);
    congestion.lightFlowCame(NOISY);
    congestion.lightFlowCame(NOISY);
    assertThat(admitted()).as("the other was here just now").isEqualTo(2);
    now += TimeUnit.SECONDS.toNanos(6);
    congestion.lightFlowCame(NOISY);
    assertThat(admitted()).as("the other has gone").isEqualTo(1000);
  }

  @Test
  void triesAWindowThatWasTooWideTwiceMoreSeldom() {
    congestion = narrowed(8);
    List<Integer> tries = new ArrayList<>();
    for (int fifth = 0; fifth < 5 * 330; fifth++) {
      congestion.lightFlowCame(QUIET);
      int admitted = admitted();
      if (admitted > 2) {
        tries.add(fifth / 5);
      }
      congestion.adapt(admitted > 2 ? 0.9 : 0.7);
      now += TimeUnit.MILLISECONDS.toNanos(200);
    }
    assertThat(tries).as("seconds").containsExactly(0, 5, 15, 36, 76, 156, 236, 316);

    now += TimeUnit.SECONDS.toNanos(80);
    for (int i = 0; i < 5; i++) {
      congestion.lightFlowCame(QUIET);
      admitted();
      congestion.adapt(0.7);
    }
    int wide = admitted();
    assertThat(wide).as("it was not too wide this time").isGreaterThan(3);
    congestion.adapt(0.9);
    now += TimeUnit.SECONDS.toNanos(6);
    for (int i = 0; i < 5; i++) {
      congestion.lightFlowCame(QUIET);
      admitted();
      congestion.adapt(0.7);
    }
    assertThat(admitted()).as("tried as soon as at first").isGreaterThanOrEqualTo(wide);
  }

  @Test
  void doesNotTryAWindowThatWasTooWideForAWhile() {
    congestion = narrowed(8);
    congestion.lightFlowCame(QUIET);
    assertThat(admitted()).isEqualTo(2);
    for (int i = 0; i < 9; i++) {
      congestion.adapt(0.5);
      admitted();
    }
    int wide = admitted();
    congestion.adapt(0.9);
    assertThat(admitted()).isEqualTo(wide / 2);
    for (int i = 0; i < 20; i++) {
      now += TimeUnit.MILLISECONDS.toNanos(200);
      congestion.lightFlowCame(QUIET);
      congestion.adapt(0.5);
      assertThat(admitted()).isBetween(wide / 2, wide - 1);
    }
    assertThat(admitted()).isEqualTo(wide - 1);
    now += TimeUnit.SECONDS.toNanos(2);
    congestion.lightFlowCame(QUIET);
    congestion.adapt(0.5);
    assertThat(admitted()).isGreaterThanOrEqualTo(wide);
  }

  /** The window after the processors were short, as nobody is there any more. */
  private CongestionWindow narrowed(int processors) {
    congestion = new CongestionWindow(processors, 100, () -> now);
    congestion.lightFlowCame(QUIET);
    for (int i = 0; i < 10; i++) {
      assertThat(admitted()).isPositive();
      congestion.adapt(0.9);
    }
    now += TimeUnit.SECONDS.toNanos(6);
    return congestion;
  }

  /** How many seats the window admits, up to 1000. */
  private int admitted() {
    int seats = 0;
    while (seats < 1000 && congestion.admits(NOISY, seats, 1)) {
      seats++;
    }
    return seats;
  }

  @Test
  void givesAQuietFlowItsShareBesideANoisyOne() {
    Level level = level(10, new Queuing(64, 6, 50));
    Map<String, Integer> served = new HashMap<>();
    Deque<Ticket> running = new ArrayDeque<>();
    List<String> ran = new ArrayList<>();
    // The noisy flow keeps its six queues full, the quiet one has one request at a time. In order
    // of
    // arrival it would wait for all 300 before it; with its queue as the seventh, for few.
    int quietWaits = 0;
    int worst = 0;
    boolean quietIn = false;
    for (int step = 0; step < 5000; step++) {
      now += MILLI;
      while (enter(level, "noisy", NOISY, ran, running) != Entry.REFUSED) {
        // until its queues are full
      }
      if (!quietIn) {
        quietIn = enter(level, "quiet", QUIET, ran, running) != Entry.REFUSED;
        assertThat(quietIn).as("a queue has room for the quiet flow").isTrue();
        quietWaits = 0;
      }
      ran.clear();
      Ticket ended = running.poll();
      assertThat(ended).isNotNull();
      level.exit(ended);
      for (String flow : ran) {
        served.merge(flow, 1, Integer::sum);
        if (flow.equals("quiet")) {
          quietIn = false;
        }
      }
      worst = Math.max(worst, ++quietWaits);
      assertThat(level.seatsRunning()).isLessThanOrEqualTo(10);
    }
    assertThat(worst).as("ends of others that the quiet flow waits for").isLessThanOrEqualTo(30);
    assertThat(served.get("quiet")).as("served, of 5000").isGreaterThan(250);
  }

  private Entry enter(
      Level level, String flow, long hash, List<String> ran, Deque<Ticket> running) {
    Ticket[] self = new Ticket[1];
    self[0] =
        new Ticket(
            1,
            () -> {
              ran.add(flow);
              running.add(self[0]);
            },
            () -> {});
    Entry entry = level.enter(self[0], hash);
    if (entry == Entry.NOW) {
      running.add(self[0]);
    }
    return entry;
  }

  @Test
  void keepsItsBoundsAndForgetsNobodyWhateverHappens() {
    for (long seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      int limit = 1 + random.nextInt(8);
      Level level = level(limit, new Queuing(1 + random.nextInt(8), 1, 1 + random.nextInt(5)));
      List<Ticket> inside = new ArrayList<>();
      int[] told = new int[1];
      int expected = 0;
      for (int step = 0; step < 300; step++) {
        now += random.nextInt(10) * MILLI;
        if (random.nextInt(3) > 0) {
          Ticket ticket = new Ticket(1 + random.nextInt(limit), () -> told[0]++, () -> told[0]++);
          Entry entry = level.enter(ticket, random.nextLong());
          if (entry == Entry.LATER) {
            expected++;
          }
          if (entry != Entry.REFUSED) {
            inside.add(ticket);
          }
        } else if (!inside.isEmpty()) {
          Ticket ticket = inside.remove(random.nextInt(inside.size()));
          if (ticket.state() == Ticket.State.WAITING) {
            level.giveUp(ticket);
          }
          level.exit(ticket);
        }
        assertThat(level.seatsRunning()).as("seed %d", seed).isLessThanOrEqualTo(limit);
      }
      while (!inside.isEmpty()) {
        inside.removeIf(ticket -> {
          boolean runs = ticket.state() == Ticket.State.RUNNING;
          if (runs) {
            level.exit(ticket);
          }
          return runs || ticket.state() == Ticket.State.OVER;
        });
      }
      assertThat(told[0]).as("seed %d: who waited was told, once", seed).isEqualTo(expected);
      assertThat(level.seatsRunning() + level.seatsWaiting()).as("seed %d", seed).isZero();
    }
  }

  @Test
  void asksToWaitLongerWhileManyComeBackInVain() {
    RetryAfter retryAfter = new RetryAfter(() -> now);
    assertThat(retryAfter.seconds()).isEqualTo(1);
    for (int second = 0; second < 100; second++) {
      for (int i = 0; i < 200; i++) {
        retryAfter.refused();
      }
      now += TimeUnit.SECONDS.toNanos(1);
    }
    assertThat(retryAfter.seconds()).isEqualTo(32);
    now += TimeUnit.SECONDS.toNanos(600);
    assertThat(retryAfter.seconds()).isEqualTo(1);
  }

  private Level level(int seats, @Nullable Queuing queuing) {
    return new Level(
        new PriorityLevel("level", AsciiString.of("uid"), false, 10, 0, null, queuing),
        seats,
        congestion,
        () -> now);
  }

  private static Ticket ticket(String name, int seats, List<String> ran) {
    return new Ticket(seats, () -> ran.add(name), () -> ran.add(name + " refused"));
  }
}
