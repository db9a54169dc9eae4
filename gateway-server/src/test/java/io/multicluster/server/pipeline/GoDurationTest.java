package io.multicluster.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GoDurationTest {
  @Test
  void readsWhatGoReads() {
    assertThat(GoDuration.parse("5s")).isEqualTo(Duration.ofSeconds(5));
    assertThat(GoDuration.parse("1h30m")).isEqualTo(Duration.ofMinutes(90));
    assertThat(GoDuration.parse("1.5s")).isEqualTo(Duration.ofMillis(1500));
    assertThat(GoDuration.parse(".5s")).isEqualTo(Duration.ofMillis(500));
    assertThat(GoDuration.parse("-3us")).isEqualTo(Duration.ofNanos(-3000));
    assertThat(GoDuration.parse("+0")).isZero();
    assertThat(GoDuration.parse("300ms2ns")).isEqualTo(Duration.ofNanos(300_000_002));
  }

  @ParameterizedTest
  @CsvSource({
    "abc,'time: invalid duration \"abc\"'",
    "3,'time: missing unit in duration \"3\"'",
    "3d,'time: unknown unit \"d\" in duration \"3d\"'",
    "1s3,'time: missing unit in duration \"1s3\"'",
    "-,'time: invalid duration \"-\"'",
    "9999999999h,'time: invalid duration \"9999999999h\"'"
  })
  void saysWhatIsWrongInGosWords(String text, String message) {
    assertThatThrownBy(() -> GoDuration.parse(text)).hasMessage(message);
  }
}
