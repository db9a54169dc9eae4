package io.multicluster.server.flowcontrol;

import java.util.List;

/** Shares the seats of the server out to levels, by what they were promised and what they need. */
final class SeatLending {
  private SeatLending() {}

  /**
   * One level's claim.
   *
   * @param nominal what it is promised
   * @param least what stays its own whether it needs it or not
   * @param most what it may have with what it borrows
   * @param demand what it could have used lately
   */
  record Claim(int nominal, int least, int most, int demand) {}

  /**
   * Each level gets its least; what is left goes to those that need more, in relation to what they
   * were promised, and then back to those that were promised it. Nobody with enough demand gets
   * less than promised.
   *
   * @return seats per claim, in order; together as many as were promised
   */
  static int[] allocate(List<Claim> claims) {
    int[] seats = new int[claims.size()];
    int total = 0;
    int given = 0;
    for (int i = 0; i < seats.length; i++) {
      Claim claim = claims.get(i);
      total += claim.nominal;
      // A level that needs what it was promised has it before anybody borrows.
      seats[i] = Math.max(claim.least, Math.min(claim.nominal, claim.demand));
      given += seats[i];
    }
    int left = total - given;
    left = fill(claims, seats, left, true);
    fill(claims, seats, left, false);
    return seats;
  }

  /** Gives what is left in rounds, by nominal seats, up to the demand or to what was promised. */
  private static int fill(List<Claim> claims, int[] seats, int seatsLeft, boolean byDemand) {
    int left = seatsLeft;
    while (left > 0) {
      long weight = 0;
      for (int i = 0; i < seats.length; i++) {
        weight += seats[i] < ceiling(claims.get(i), byDemand) ? claims.get(i).nominal : 0;
      }
      if (weight == 0) {
        return left;
      }
      int round = left;
      for (int i = 0; i < seats.length && left > 0; i++) {
        Claim claim = claims.get(i);
        int room = ceiling(claim, byDemand) - seats[i];
        if (room > 0 && claim.nominal > 0) {
          int share = (int) Math.max(1, (long) round * claim.nominal / weight);
          int more = Math.min(Math.min(share, room), left);
          seats[i] += more;
          left -= more;
        }
      }
    }
    return left;
  }

  private static int ceiling(Claim claim, boolean byDemand) {
    return byDemand ? Math.min(claim.demand, claim.most) : claim.nominal;
  }
}
