package io.multicluster.testclusters.simulated;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;

/** Where writers wait until their channel takes more, or is gone. */
final class Writability {
  static final AttributeKey<Writability> KEY = AttributeKey.valueOf(Writability.class, "writable");

  synchronized void await(Channel channel) throws InterruptedException {
    while (channel.isActive() && !channel.isWritable()) {
      wait();
    }
  }

  synchronized void changed() {
    notifyAll();
  }
}
