package io.multicluster.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ReceiveWindowTest {
  private final ReceiveWindow window = new ReceiveWindow(100);

  @Test
  void consumedBytesAreToldInHalvesOfTheWindow() {
    assertThat(window.received(60)).isTrue();
    assertThat(window.consumed(49)).isZero();
    assertThat(window.consumed(1)).isEqualTo(50);
    assertThat(window.consumed(10)).isZero();
    assertThat(window.held()).isZero();
  }

  @Test
  void whatThePeerWasNotToldItMustNotUse() {
    assertThat(window.received(100)).isTrue();
    assertThat(window.consumed(40)).isZero();
    assertThat(window.received(1)).isFalse();
    assertThat(window.consumed(10)).isEqualTo(50);
    assertThat(window.received(51)).isFalse();
    assertThat(window.received(50)).isTrue();
    assertThat(window.held()).isEqualTo(100);
  }

  @Test
  void bytesAreConsumedOnce() {
    window.received(10);
    window.consumed(10);
    assertThatThrownBy(() -> window.consumed(1)).isInstanceOf(IllegalStateException.class);
  }
}
