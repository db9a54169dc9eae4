package io.multicluster.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

class EmptyFlushFilterTest {
  private int flushes;

  private final EmbeddedChannel channel =
      new EmbeddedChannel(
          new ChannelOutboundHandlerAdapter() {
            @Override
            public void flush(ChannelHandlerContext ctx) {
              flushes++;
              ctx.flush();
            }
          },
          new EmptyFlushFilter());

  @Test
  void aFlushWithNothingWrittenSinceTheLastOneGoesNoFurther() {
    channel.flush();
    assertThat(flushes).isZero();

    channel.write(Unpooled.EMPTY_BUFFER);
    channel.flush();
    channel.flush();
    assertThat(flushes).isEqualTo(1);
  }

  @Test
  void whatWasWrittenLeavesWithTheNextFlush() {
    for (int i = 1; i <= 3; i++) {
      channel.write(Unpooled.wrappedBuffer(new byte[] {(byte) i}));
      channel.flush();
      assertThat(channel.<Object>readOutbound()).isNotNull();
      assertThat(flushes).isEqualTo(i);
    }
  }
}
