package io.multicluster.server.flowcontrol;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.multicluster.server.flowcontrol.PriorityLevel.Queuing;
import io.multicluster.server.flowcontrol.SeatLending.Claim;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The seats of one priority level and the queues for them. Safe for use by any thread; what it
 * runs, it runs without its lock.
 *
 * <p>Of a flow that has others under way, which is busy, a request also needs room in the {@link
 * CongestionWindow}. What has run for more than an epoch probably waits for another server and not
 * for a processor: it gives its room back. A seat that rests counts as in use in the window.
 *
 * <p>Fairness: each queue has a virtual time that grows by seats times seconds of what it ran; the
 * queue that is least far goes next (start-time fair queuing). A request is charged when it begins,
 * by a guess, and the charge is corrected when it ends.
 */
final class Level {
  /** What a request is charged at first; kube-apiserver's guess too. */
  private static final double EXPECTED_NANOS = 3_000_000;

  private final PriorityLevel settings;
  private final CongestionWindow congestion;
  private final LongSupplier nanoTime;
  private final RetryAfter retryAfter;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final List<RequestQueue> queues = new ArrayList<>();

  @GuardedBy("lock")
  private int nominal;

  @GuardedBy("lock")
  private int limit;

  @GuardedBy("lock")
  private int running;

  @GuardedBy("lock")
  private int waiting;

  /** The most seats that were wanted at once since the last look. */
  @GuardedBy("lock")
  private int peak;

  @GuardedBy("lock")
  private double virtualTime;

  /** Requests per flow that run or wait, by the flow's hash; no flow without any. */
  @GuardedBy("lock")
  private final Map<Long, Integer> flows = new HashMap<>();

  @GuardedBy("lock")
  private int epoch;

  /** Seats of busy flows' requests that began in this epoch and in the one before. */
  @GuardedBy("lock")
  private int youngest;

  @GuardedBy("lock")
  private int young;

  /** Until when the busy flows' seat rests that was given back last. */
  @GuardedBy("lock")
  private long restsUntil;

  Level(PriorityLevel settings, int nominal, CongestionWindow congestion, LongSupplier nanoTime) {
    this.settings = settings;
    this.nominal = nominal;
    this.limit = nominal;
    this.congestion = congestion;
    this.nanoTime = nanoTime;
    this.restsUntil = nanoTime.getAsLong();
    this.retryAfter = new RetryAfter(nanoTime);
    Queuing queuing = settings.queuing();
    if (queuing != null) {
      for (int i = 0; i < queuing.queues(); i++) {
        queues.add(new RequestQueue());
      }
    }
  }

  PriorityLevel settings() {
    return settings;
  }

  /** Whether {@code other} can go on with this level's queues. */
  boolean accepts(PriorityLevel other) {
    return settings.equals(other);
  }

  /** Seats that a request wanting many may have at most. */
  int widest() {
    Queuing queuing = settings.queuing();
    synchronized (lock) {
      int part = (int) (0.15 * nominal);
      int perHand = queuing == null ? nominal : nominal / queuing.handSize();
      return Math.max(1, Math.min(part, perHand));
    }
  }

  /** Seconds that a refused client is asked to wait. */
  int retryAfterSeconds() {
    return retryAfter.seconds();
  }

  /** What becomes of a request when it comes. */
  enum Entry {
    NOW,
    LATER,
    REFUSED
  }

  /** Lets a request run now or later, which its ticket is told, or refuses it, which it is not. */
  Entry enter(Ticket ticket, long flowHash) {
    Entry entry;
    synchronized (lock) {
      peak = Math.max(peak, running + waiting + ticket.seats());
      Queuing queuing = settings.queuing();
      entry = queuing == null ? enterUnqueued(ticket) : enterQueue(ticket, flowHash, queuing);
      if (entry == Entry.REFUSED) {
        ticket.end();
      }
    }
    if (entry == Entry.REFUSED) {
      retryAfter.refused();
    }
    return entry;
  }

  @GuardedBy("lock")
  private Entry enterUnqueued(Ticket ticket) {
    if (!fits(ticket)) {
      return Entry.REFUSED;
    }
    begin(ticket, null);
    return Entry.NOW;
  }

  @GuardedBy("lock")
  private Entry enterQueue(Ticket ticket, long flowHash, Queuing queuing) {
    int others = flows.getOrDefault(flowHash, 0);
    ticket.belongsTo(flowHash, others > 0);
    if (!ticket.busy()) {
      congestion.lightFlowCame(flowHash);
    }
    RequestQueue queue = shortest(flowHash, queuing);
    queue.catchUp(virtualTime);
    Entry entry;
    if (mayOvertake(ticket) && fits(ticket)) {
      begin(ticket, queue);
      entry = Entry.NOW;
    } else if (queue.length() < queuing.lengthLimit()) {
      ticket.waitIn(queue);
      queue.add(ticket);
      waiting += ticket.seats();
      entry = Entry.LATER;
    } else {
      return Entry.REFUSED;
    }
    flows.put(flowHash, others + 1);
    return entry;
  }

  /** A light flow does not wait behind those that wait for nothing but the window. */
  @GuardedBy("lock")
  private boolean mayOvertake(Ticket ticket) {
    if (waiting == 0) {
      return true;
    }
    RequestQueue queue = ticket.busy() ? null : leastServed();
    Ticket next = queue == null ? null : queue.first();
    return next != null && hasSeats(next);
  }

  /** It has waited long enough: refuses it if it still waits. */
  void giveUp(Ticket ticket) {
    synchronized (lock) {
      if (!leave(ticket)) {
        return;
      }
    }
    retryAfter.refused();
    ticket.refused().run();
  }

  /**
   * The request has ended, or its client has gone. Idempotent.
   *
   * @return nanoseconds after which {@link #dispatch} is to be called; 0 if it is not
   */
  long exit(Ticket ticket) {
    long rest = 0;
    synchronized (lock) {
      if (ticket.state() == Ticket.State.RUNNING) {
        ticket.end();
        running -= ticket.seats();
        if (ticket.busy()) {
          rest = leaveWindow(ticket);
        }
        RequestQueue queue = ticket.queue();
        if (queue != null) {
          queue.end(ticket.seats(), EXPECTED_NANOS, (double) nanoTime.getAsLong() - ticket.begun());
          forget(ticket);
        }
      } else if (!leave(ticket)) {
        return 0;
      }
    }
    dispatch();
    return rest;
  }

  @GuardedBy("lock")
  private boolean leave(Ticket ticket) {
    RequestQueue queue = ticket.queue();
    if (ticket.state() != Ticket.State.WAITING || queue == null || !queue.remove(ticket)) {
      return false;
    }
    ticket.end();
    waiting -= ticket.seats();
    forget(ticket);
    return true;
  }

  /** Returns the nanoseconds for which its seat rests. */
  @GuardedBy("lock")
  private long leaveWindow(Ticket ticket) {
    if (ticket.epoch() == epoch) {
      youngest -= ticket.seats();
    } else if (ticket.epoch() == epoch - 1) {
      young -= ticket.seats();
    } else {
      return 0;
    }
    if (!congestion.seatsRest()) {
      return 0;
    }
    long now = nanoTime.getAsLong();
    long taken = now - ticket.begun();
    restsUntil = now + taken;
    return taken;
  }

  @GuardedBy("lock")
  private void forget(Ticket ticket) {
    flows.computeIfPresent(ticket.flow(), (_, requests) -> requests == 1 ? null : requests - 1);
  }

  /**
   * Begins an epoch: what has run for longer than the last one gives back its room in the window.
   */
  void age() {
    synchronized (lock) {
      epoch++;
      young = youngest;
      youngest = 0;
    }
    dispatch();
  }

  /** What this level claims of all seats; begins a new look at its demand. */
  Claim claim() {
    synchronized (lock) {
      int demand = Math.max(peak, running + waiting);
      peak = running + waiting;
      int lendable = (int) Math.round(nominal * settings.lendablePercent() / 100.0);
      Integer borrowing = settings.borrowingLimitPercent();
      int most =
          borrowing == null
              ? Integer.MAX_VALUE
              : nominal + (int) Math.round(nominal * borrowing / 100.0);
      return new Claim(nominal, nominal - lendable, most, demand);
    }
  }

  /** Gives the level another number of seats. What runs goes on. */
  void resize(int newLimit) {
    synchronized (lock) {
      limit = newLimit;
    }
    dispatch();
  }

  /** Gives the level another promise. */
  void promise(int newNominal) {
    synchronized (lock) {
      nominal = newNominal;
    }
    resize(newNominal);
  }

  int seatsRunning() {
    synchronized (lock) {
      return running;
    }
  }

  int seatsWaiting() {
    synchronized (lock) {
      return waiting;
    }
  }

  @GuardedBy("lock")
  private RequestQueue shortest(long flowHash, Queuing queuing) {
    RequestQueue best = null;
    for (int number : ShuffleSharding.hand(flowHash, queuing.queues(), queuing.handSize())) {
      RequestQueue queue = queues.get(number);
      if (best == null || queue.load() < best.load()) {
        best = queue;
      }
    }
    if (best == null) {
      throw new IllegalStateException("a hand has at least one queue");
    }
    return best;
  }

  /** Lets what may run now go on, the queue that had least first. */
  void dispatch() {
    List<Ticket> next;
    synchronized (lock) {
      next = takeFitting();
    }
    next.forEach(one -> one.later().run());
  }

  @GuardedBy("lock")
  private List<Ticket> takeFitting() {
    List<Ticket> next = new ArrayList<>(1);
    while (waiting > 0) {
      RequestQueue queue = leastServed();
      Ticket ticket = queue == null ? null : queue.first();
      // The next one waits for its seats even if a narrower one would fit: it must not starve.
      if (queue == null || ticket == null || !fits(ticket)) {
        break;
      }
      queue.remove(ticket);
      waiting -= ticket.seats();
      begin(ticket, queue);
      next.add(ticket);
    }
    return next;
  }

  @GuardedBy("lock")
  private @Nullable RequestQueue leastServed() {
    RequestQueue least = null;
    for (RequestQueue queue : queues) {
      if (queue.length() > 0 && (least == null || queue.virtualTime() < least.virtualTime())) {
        least = queue;
      }
    }
    return least;
  }

  @GuardedBy("lock")
  private boolean fits(Ticket ticket) {
    return hasSeats(ticket)
        && (!ticket.busy() || congestion.admits(ticket.flow(), inWindow(), ticket.seats()));
  }

  @GuardedBy("lock")
  private int inWindow() {
    int resting = restsUntil - nanoTime.getAsLong() > 0 ? 1 : 0;
    return young + youngest + resting;
  }

  /** A request that is wider than all seats together runs alone. */
  @GuardedBy("lock")
  private boolean hasSeats(Ticket ticket) {
    return running + ticket.seats() <= limit || running == 0;
  }

  @GuardedBy("lock")
  private void begin(Ticket ticket, @Nullable RequestQueue queue) {
    ticket.begin(queue, nanoTime.getAsLong(), epoch);
    running += ticket.seats();
    if (ticket.busy()) {
      youngest += ticket.seats();
    }
    if (queue != null) {
      virtualTime = Math.max(virtualTime, queue.virtualTime());
      queue.begin(ticket.seats(), EXPECTED_NANOS);
    }
  }
}
