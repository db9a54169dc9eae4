package io.multicluster.server.flowcontrol;

import org.jspecify.annotations.Nullable;

/** One request in a level. Its state is guarded by the level. */
final class Ticket {
  /** How far the request is. */
  enum State {
    WAITING,
    RUNNING,
    /** It has ended, or will never run. */
    OVER
  }

  private final int seats;
  private final Runnable later;
  private final Runnable refused;
  private State state = State.WAITING;
  private long begun;
  private long flow;
  private boolean busy;
  private int epoch;
  private @Nullable RequestQueue queue;

  /**
   * @param later runs once if the request had to wait, when it has its seats; must not block
   * @param refused runs once if it is not to run; must not block
   */
  Ticket(int seats, Runnable later, Runnable refused) {
    this.seats = seats;
    this.later = later;
    this.refused = refused;
  }

  int seats() {
    return seats;
  }

  Runnable later() {
    return later;
  }

  Runnable refused() {
    return refused;
  }

  State state() {
    return state;
  }

  /** Hash of the flow that it belongs to. */
  long flow() {
    return flow;
  }

  /** Whether its flow had others in the level when it came. */
  boolean busy() {
    return busy;
  }

  /** The level's epoch in which it began to run. */
  int epoch() {
    return epoch;
  }

  /** Null in a level without queues. */
  @Nullable RequestQueue queue() {
    return queue;
  }

  long begun() {
    return begun;
  }

  void belongsTo(long itsFlow, boolean itsFlowIsBusy) {
    flow = itsFlow;
    busy = itsFlowIsBusy;
  }

  void waitIn(RequestQueue in) {
    queue = in;
  }

  void begin(@Nullable RequestQueue from, long now, int nowEpoch) {
    state = State.RUNNING;
    queue = from;
    begun = now;
    epoch = nowEpoch;
  }

  void end() {
    state = State.OVER;
  }
}
