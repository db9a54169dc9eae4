package io.multicluster.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FlushSchedulerTest {
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private int flushes;
  private final FlushScheduler scheduler = new FlushScheduler(channel.eventLoop(), () -> flushes++);

  @BeforeEach
  void timeStands() {
    channel.freezeTime();
  }

  private void pass(long millis) {
    channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
    channel.runPendingTasks();
  }

  @Test
  void aHeadWhoseBodyDoesNotComeLeavesAfterAMillisecond() {
    scheduler.withWhatFollows();
    pass(0);
    assertThat(flushes).isZero();

    pass(1);
    assertThat(flushes).isEqualTo(1);
  }

  @Test
  void aHeadLeavesWithItsBodyAndNothingIsLeftThatWouldWakeTheLoop() {
    scheduler.withWhatFollows();
    scheduler.soon();
    pass(0);
    assertThat(flushes).isEqualTo(1);

    assertThat(channel.runScheduledPendingTasks()).as("time of the next task").isEqualTo(-1);
    pass(10);
    assertThat(flushes).isEqualTo(1);
  }

  @Test
  void whatIsWrittenInOneTurnLeavesInOneFlush() {
    scheduler.soon();
    scheduler.batched();
    scheduler.soon();
    pass(0);
    pass(10);
    assertThat(flushes).isEqualTo(1);
  }

  @Test
  void whatIsWrittenWhileReadingWaitsForTheFlushThatFollows() {
    scheduler.readStarted();
    scheduler.soon();
    scheduler.batched();
    scheduler.withWhatFollows();
    scheduler.readCompleted();
    pass(10);
    assertThat(flushes).isZero();
  }
}
