package io.multicluster.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LeaksTest {
  @RegisterExtension static final Leaks LEAKS = new Leaks();

  @Test
  void aLostBufferIsNoticed() {
    lose();
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> {
          Leaks.provoke();
          return !LEAKS.reported().list.isEmpty();
        });
    assertThat(LEAKS.reported().list.getFirst().getFormattedMessage()).contains("LEAK");
    LEAKS.reported().list.clear();
  }

  private static void lose() {
    ByteBufAllocator.DEFAULT.buffer(16).writeInt(1);
  }
}
