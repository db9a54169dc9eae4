package io.multicluster.wire.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HumanDurationTest {
  @ParameterizedTest
  @CsvSource({
    "-PT2S,<invalid>",
    "-PT1.999S,0s",
    "-PT0.5S,0s",
    "PT0S,0s",
    "PT0.999S,0s",
    "PT119.999S,119s",
    "PT2M,2m",
    "PT2M1S,2m1s",
    "PT9M59S,9m59s",
    "PT10M,10m",
    "PT179M59S,179m",
    "PT3H,3h",
    "PT3H1M,3h1m",
    "PT7H59M59S,7h59m",
    "PT8H59M,8h",
    "PT47H59M,47h",
    "PT48H,2d",
    "PT49H,2d1h",
    "PT191H59M,7d23h",
    "PT192H,8d",
    "PT17519H59M,729d",
    "PT17520H,2y",
    "PT17544H,2y1d",
    "PT70079H,7y364d",
    "PT70080H,8y",
    "PT900000H,102y",
  })
  void agesHaveTwoOrThreeFigures(Duration age, String text) {
    assertThat(HumanDuration.of(age.toMillis())).isEqualTo(text);
  }
}
