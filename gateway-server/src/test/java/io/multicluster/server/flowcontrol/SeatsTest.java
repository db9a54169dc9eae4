package io.multicluster.server.flowcontrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.server.flowcontrol.SeatLending.Claim;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class SeatsTest {
  @Test
  void lendsWhatIsNotNeededToThoseWhoNeedMore() {
    int[] seats =
        SeatLending.allocate(
            List.of(
                new Claim(100, 10, Integer.MAX_VALUE, 0),
                new Claim(50, 25, Integer.MAX_VALUE, 300),
                new Claim(50, 50, Integer.MAX_VALUE, 50)));
    assertThat(seats).containsExactly(10, 140, 50);
  }

  @Test
  void neverGivesMoreThanThereIsNorLessThanPromisedToWhoNeedsIt() {
    for (long seed = 0; seed < 2000; seed++) {
      Random random = new Random(seed);
      List<Claim> claims = new ArrayList<>();
      int total = 0;
      for (int i = 1 + random.nextInt(8); i > 0; i--) {
        int nominal = random.nextInt(200);
        claims.add(
            new Claim(
                nominal,
                nominal == 0 ? 0 : random.nextInt(nominal),
                random.nextBoolean() ? Integer.MAX_VALUE : nominal + random.nextInt(50),
                random.nextInt(400)));
        total += nominal;
      }
      int[] seats = SeatLending.allocate(claims);
      assertThat(Arrays.stream(seats).sum()).as("seed %d", seed).isEqualTo(total);
      for (int i = 0; i < seats.length; i++) {
        Claim claim = claims.get(i);
        assertThat(seats[i])
            .as("seed %d, claim %d", seed, i)
            .isBetween(
                Math.max(claim.least(), Math.min(claim.nominal(), claim.demand())),
                Math.max(claim.most(), claim.nominal()));
      }
    }
  }

  @Test
  void dealsHandsWithoutRepeatsAndAlike() {
    int[] dealt = new int[128];
    for (int flow = 0; flow < 20_000; flow++) {
      int[] hand = ShuffleSharding.hand(ShuffleSharding.hash("schema", "user-" + flow), 128, 6);
      assertThat(Arrays.stream(hand).distinct().count()).isEqualTo(6);
      for (int queue : hand) {
        dealt[queue]++;
      }
    }
    double mean = 20_000 * 6 / 128.0;
    assertThat(Arrays.stream(dealt))
        .allSatisfy(n -> assertThat(n * 1.0).isBetween(mean * 0.8, mean * 1.2));
  }
}
