package io.multicluster.server.flowcontrol;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One queue of a level: requests that wait, and how far its virtual time is. Guarded by the level.
 */
final class RequestQueue {
  private final Deque<Ticket> waiting = new ArrayDeque<>();

  /**
   * Seats and seconds that this queue has had, in nanoseconds times seats, never behind the level's
   * own virtual time when it begins to wait.
   */
  private double virtualTime;

  private int seatsWaiting;
  private int seatsRunning;

  int length() {
    return waiting.size();
  }

  /** What a new request would have before it. */
  int load() {
    return seatsWaiting + seatsRunning;
  }

  @Nullable Ticket first() {
    return waiting.peekFirst();
  }

  void add(Ticket ticket) {
    waiting.addLast(ticket);
    seatsWaiting += ticket.seats();
  }

  /** Returns whether it was waiting. */
  boolean remove(Ticket ticket) {
    boolean was = waiting.remove(ticket);
    if (was) {
      seatsWaiting -= ticket.seats();
    }
    return was;
  }

  double virtualTime() {
    return virtualTime;
  }

  /** A queue that had nothing to do has saved nothing up. */
  void catchUp(double levelTime) {
    if (load() == 0 && virtualTime < levelTime) {
      virtualTime = levelTime;
    }
  }

  /** A request of this queue runs; it is charged for what it will probably take. */
  void begin(int seats, double expectedNanos) {
    seatsRunning += seats;
    virtualTime += seats * expectedNanos;
  }

  /** It has ended; what it was charged is corrected by what it took. */
  void end(int seats, double expectedNanos, double actualNanos) {
    seatsRunning -= seats;
    virtualTime += seats * (actualNanos - expectedNanos);
  }
}
