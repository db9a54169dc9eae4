package io.multicluster.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {
  private final AtomicLong now = new AtomicLong();
  private final CircuitBreaker breaker =
      new CircuitBreaker(now::get, 2, Duration.ofSeconds(1), Duration.ofSeconds(3));

  @Test
  void staysClosedWhileFailuresAreFewerThanItsLimit() {
    breaker.failed();
    assertThat(breaker.tryConnect()).isTrue();
    breaker.succeeded();
    breaker.failed();
    assertThat(breaker.isOpen()).isFalse();
    assertThat(breaker.tryConnect()).isTrue();
  }

  @Test
  void opensAtItsLimitAndLetsOneProbeThroughAfterThePause() {
    open();
    assertThat(breaker.tryConnect()).isFalse();
    pass(Duration.ofMillis(999));
    assertThat(breaker.tryConnect()).isFalse();
    pass(Duration.ofMillis(1));
    assertThat(breaker.tryConnect()).as("probe").isTrue();
    assertThat(breaker.tryConnect()).as("second probe").isFalse();
    breaker.succeeded();
    assertThat(breaker.isOpen()).isFalse();
    assertThat(breaker.tryConnect()).isTrue();
  }

  @Test
  void eachFailedProbeDoublesThePauseUpToItsLimit() {
    open();
    for (int seconds : new int[] {1, 2, 3, 3}) {
      assertThat(breaker.retryAfterSeconds()).isEqualTo(seconds);
      pass(Duration.ofSeconds(seconds).minusNanos(1));
      assertThat(breaker.tryConnect()).isFalse();
      pass(Duration.ofNanos(1));
      assertThat(breaker.tryConnect()).isTrue();
      breaker.failed();
    }
  }

  @Test
  void attemptsFromBeforeItOpenedDoNotLengthenThePause() {
    open();
    breaker.failed();
    breaker.failed();
    assertThat(breaker.retryAfterSeconds()).isEqualTo(1);
  }

  @Test
  void retryAfterIsNeverLessThanASecond() {
    assertThat(breaker.retryAfterSeconds()).isEqualTo(1);
    open();
    pass(Duration.ofSeconds(5));
    assertThat(breaker.retryAfterSeconds()).isEqualTo(1);
  }

  @Test
  void aResetForgetsEverything() {
    open();
    breaker.reset();
    assertThat(breaker.tryConnect()).isTrue();
    breaker.failed();
    assertThat(breaker.isOpen()).isFalse();
  }

  private void open() {
    breaker.failed();
    breaker.failed();
    assertThat(breaker.isOpen()).isTrue();
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }
}
