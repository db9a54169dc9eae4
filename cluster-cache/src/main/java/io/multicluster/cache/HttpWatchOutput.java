package io.multicluster.cache;

import io.multicluster.wire.http.ResponseSink;
import io.netty.buffer.ByteBuf;

/** The body of an HTTP answer whose head has been sent. */
final class HttpWatchOutput implements WatchOutput {
  private final ResponseSink sink;

  HttpWatchOutput(ResponseSink sink) {
    this.sink = sink;
  }

  @Override
  public void write(ByteBuf frames) {
    sink.write(frames);
  }

  @Override
  public boolean takesSeveral() {
    return true;
  }

  @Override
  public void flush() {
    sink.flush();
  }

  @Override
  public boolean writable() {
    return sink.writable();
  }

  @Override
  public void onWritable(Runnable listener) {
    sink.onWritable(listener);
  }

  @Override
  public void onClose(Runnable listener) {
    sink.onClose(listener);
  }

  @Override
  public void end() {
    sink.end(null);
  }
}
