package io.multicluster.wire.rv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContinueTokenTest {
  private static final ContinueToken TOKEN =
      new ContinueToken(8123, "shop/web-0\0m1".getBytes(UTF_8), false);

  @Test
  void aTokenReadsBack() {
    ContinueToken read = ContinueToken.decode(TOKEN.encode());
    assertThat(read.resourceVersion()).isEqualTo(8123);
    assertThat(read.startKey()).asString(UTF_8).isEqualTo("shop/web-0\0m1");
    assertThat(read.inconsistent()).isFalse();
    assertThat(TOKEN.encode()).matches("[A-Za-z0-9_-]+");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "%%%",
        "AQ",
        "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiJhL2IifQ",
        "AQAAAAAAAAAAAQ",
        "AQD__________2E",
      })
  void whatThisServerDidNotMakeIsABadRequest(String text) {
    assertThatThrownBy(() -> ContinueToken.decode(text))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(400))
        .hasMessageStartingWith("invalid continue token: continue key is not valid");
  }

  @Test
  void aTamperedTokenIsAnotherPositionOrRefused() {
    Random random = new Random(3);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder(TOKEN.encode());
      for (int n = random.nextInt(4); n >= 0; n--) {
        text.setCharAt(random.nextInt(text.length()), (char) (33 + random.nextInt(94)));
      }
      try {
        ContinueToken read = ContinueToken.decode(text.toString());
        assertThat(read.resourceVersion()).isNotNegative();
        assertThat(read.startKey()).isNotEmpty();
      } catch (ApiException e) {
        assertThat(e.status().code()).isEqualTo(400);
      }
    }
  }

  @Test
  void aLostStateIsAnsweredWithAWayToGoOn() {
    Status status = TOKEN.tooOld().status();
    assertThat(status.code()).isEqualTo(410);
    assertThat(status.reason()).isEqualTo("Expired");
    assertThat(status.message())
        .startsWith("The provided continue parameter is too old to display a consistent list");
    ContinueToken fresh = ContinueToken.decode(status.continueToken());
    assertThat(fresh.inconsistent()).isTrue();
    assertThat(fresh.startKey()).isEqualTo(TOKEN.startKey());
  }
}
