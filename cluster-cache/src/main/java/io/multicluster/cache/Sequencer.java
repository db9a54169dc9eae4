package io.multicluster.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only writer of a kind's state. Everything that changes it, from whatever thread, is a command
 * in one queue, run by one thread, one after the other; what a batch of commands changed is then
 * shown at once: first the log, then the snapshot, then the watches are told.
 *
 * <p>{@link #submit} and the getters may be called from any thread, {@link #change} and {@link
 * #afterPublish} only from within a command.
 */
final class Sequencer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Sequencer.class);

  /** Commands between two publications: bounds the delay of the first without costing much. */
  private static final int BATCH = 512;

  /** How often the log is looked through for what is too old. */
  private static final long TICK_NANOS = Duration.ofSeconds(1).toNanos();

  private final HybridClock clock;
  private final LongSupplier nanos;
  private final EventLog events;
  private final @Nullable Journal journal;
  private final Snapshot.Editor state;
  private final MpscUnboundedVarHandleArrayQueue<Runnable> commands =
      new MpscUnboundedVarHandleArrayQueue<>(1024);
  private final List<Runnable> afterPublish = new ArrayList<>();
  private final List<Runnable> publishListeners = new ArrayList<>();
  private final List<Runnable> tickListeners = new ArrayList<>();
  private final List<Runnable> beforeFlush = new ArrayList<>();

  private volatile Snapshot snapshot;
  private volatile boolean parked;
  private volatile boolean closed;
  private volatile @Nullable Thread thread;
  private long position;
  private long publishedPosition;
  private long lastTick;

  /**
   * @param start what there is already
   * @param journal what is to be kept on disk of all that follows; null if nothing is
   */
  Sequencer(
      List<Index.Definition> indexes,
      HybridClock clock,
      LogLimits limits,
      LongSupplier nanos,
      Recovered start,
      @Nullable Journal journal) {
    this.clock = clock;
    this.nanos = nanos;
    this.journal = journal;
    this.position = start.base().resourceVersion();
    this.events = new EventLog(limits, position);
    this.state = new Snapshot.Editor(start.base(), indexes);
    for (LogEntry entry : start.events()) {
      apply(entry);
      if (events.startsSegment()) {
        events.publish();
        events.expire(nanos.getAsLong());
      }
    }
    events.publish();
    this.snapshot = state.publish(position);
    this.publishedPosition = position;
    clock.startAbove(position);
    this.lastTick = nanos.getAsLong();
  }

  /** Runs commands from now on. Without it, {@link #runPending} does. */
  void start(ThreadFactory threads) {
    Thread started = threads.newThread(this::run);
    thread = started;
    started.start();
  }

  /** Adds a command. It must not block. */
  void submit(Runnable command) {
    commands.offer(command);
    if (parked) {
      LockSupport.unpark(thread);
    }
  }

  Snapshot snapshot() {
    return snapshot;
  }

  EventLog events() {
    return events;
  }

  HybridClock clock() {
    return clock;
  }

  /** Before {@link #start}: runs after each publication that showed something new. */
  void onPublish(Runnable listener) {
    publishListeners.add(listener);
  }

  /** Before {@link #start}: runs about once a second, on the sequencer's thread. */
  void onTick(Runnable listener) {
    tickListeners.add(listener);
  }

  /** Before {@link #start}: runs before what was journaled is brought to disk, and adds to it. */
  void beforeFlush(Runnable action) {
    beforeFlush.add(action);
  }

  @Nullable Journal journal() {
    return journal;
  }

  /** Within a command: the object as changed so far. */
  @Nullable CachedObject get(byte[] key) {
    return state.get(key);
  }

  /** Within a command: everything as changed so far. */
  Snapshot current() {
    return state.publish(position);
  }

  /** Within a command: the last minted resourceVersion. */
  long position() {
    return position;
  }

  /**
   * Within a command: one change of one object becomes an event.
   *
   * @param memberVersion of the change, in the member's own counting
   */
  void change(@Nullable CachedObject before, @Nullable CachedObject after, long memberVersion) {
    long minted = clock.next();
    if (after != null) {
      after.mint(minted);
    }
    LogEntry entry = new LogEntry(minted, memberVersion, before, after);
    apply(entry);
    if (journal != null) {
      journal.changed(entry);
    }
  }

  private void apply(LogEntry entry) {
    Snapshot segmentStart = events.startsSegment() ? state.publish(position) : null;
    position = entry.resourceVersion();
    state.change(entry.before(), entry.after());
    events.append(entry, segmentStart, nanos.getAsLong());
  }

  /** Within a command: runs once clients can see what the command did. */
  void afterPublish(Runnable action) {
    afterPublish.add(action);
  }

  /** Runs what is queued, publishes, and returns whether there was anything. For {@link #run}. */
  boolean runPending() {
    boolean any = false;
    Runnable command;
    for (int i = 0; i < BATCH && (command = commands.poll()) != null; i++) {
      any = true;
      runSafely(command);
    }
    publish();
    long now = nanos.getAsLong();
    if (now - lastTick >= TICK_NANOS) {
      lastTick = now;
      flush();
      events.expire(now);
      tickListeners.forEach(Sequencer::runSafely);
    }
    return any;
  }

  private void publish() {
    if (position != publishedPosition) {
      publishedPosition = position;
      flush();
      events.publish();
      snapshot = state.publish(position);
      publishListeners.forEach(Sequencer::runSafely);
    }
    if (!afterPublish.isEmpty()) {
      List<Runnable> actions = List.copyOf(afterPublish);
      afterPublish.clear();
      actions.forEach(Sequencer::runSafely);
    }
  }

  private void flush() {
    if (journal != null) {
      beforeFlush.forEach(Sequencer::runSafely);
      journal.flush();
    }
  }

  private void run() {
    while (!closed) {
      if (!runPending()) {
        parked = true;
        if (commands.isEmpty() && !closed) {
          LockSupport.parkNanos(this, TICK_NANOS);
        }
        parked = false;
      }
    }
  }

  /** A command that fails is a defect; the other members' commands go on. */
  private static void runSafely(Runnable command) {
    try {
      command.run();
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("a command of the cluster cache failed");
    }
  }

  /**
   * Ends the thread, waits for it, and brings the rest to disk; commands that are still queued are
   * dropped.
   */
  @Override
  public void close() {
    closed = true;
    Thread running = thread;
    if (running != null) {
      LockSupport.unpark(running);
      try {
        running.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    flush();
  }
}
