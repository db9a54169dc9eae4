package io.multicluster.server.flowcontrol;

import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/**
 * How many seats requests of a level have, and what becomes of those that find none: a {@code
 * PriorityLevelConfiguration} of {@code flowcontrol.apiserver.k8s.io/v1}.
 *
 * @param exempt requests run at once, whatever else runs
 * @param shares of all seats, in relation to those of other levels
 * @param lendablePercent of its seats that others may use while it needs them not
 * @param borrowingLimitPercent of its own seats that it may use beyond them; null for any number
 * @param queuing null: what finds no seat is rejected
 */
record PriorityLevel(
    String name,
    AsciiString uid,
    boolean exempt,
    int shares,
    int lendablePercent,
    @Nullable Integer borrowingLimitPercent,
    @Nullable Queuing queuing) {

  /**
   * @param queues among which flows are dealt
   * @param handSize how many queues a flow may use; the shortest is taken
   * @param lengthLimit requests that wait in one queue
   */
  record Queuing(int queues, int handSize, int lengthLimit) {
    Queuing {
      if (queues < 1 || handSize < 1 || handSize > queues || lengthLimit < 1) {
        throw new IllegalArgumentException(
            "queuing needs at least one queue, a hand of 1 to " + queues + " and room in a queue");
      }
    }
  }

  PriorityLevel {
    if (shares < 0 || lendablePercent < 0 || lendablePercent > 100) {
      throw new IllegalArgumentException(
          "priority level " + name + ": shares and percentages can't be negative or above 100");
    }
  }
}
