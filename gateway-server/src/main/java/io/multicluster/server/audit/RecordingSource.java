package io.multicluster.server.audit;

import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.http.BodySource;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** A request's body, of which a copy is made on its way. */
record RecordingSource(BodySource source, RecordedBody copy) implements BodySource {
  @Override
  public void receive(BodyReceiver receiver) {
    source.receive(
        new BodyReceiver() {
          @Override
          public void data(ByteBuf bytes) {
            copy.add(bytes);
            receiver.data(bytes);
          }

          @Override
          public void end(@Nullable Http2Headers trailers) {
            receiver.end(trailers);
          }

          @Override
          public void failed(Throwable cause) {
            receiver.failed(cause);
          }
        });
  }

  @Override
  public void consumed(int bytes) {
    source.consumed(bytes);
  }

  @Override
  public void cancel() {
    source.cancel();
  }
}
