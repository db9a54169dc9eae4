package io.multicluster.server.admission;

import io.multicluster.admission.Outcome;
import io.multicluster.wire.http.ResponseSink;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Adds admission's warnings to an answer, and tells admission if the change was not made. */
record JudgedSink(ResponseSink sink, Outcome.PassOn outcome) implements ResponseSink {
  private static final int LONGEST_WARNING = 1024;

  /** Puts warnings where kubectl looks for them: RFC 7234, code 299. */
  static void warn(Http2Headers headers, List<String> warnings) {
    for (String warning : warnings) {
      StringBuilder text = new StringBuilder("299 - \"");
      for (int i = 0; i < Math.min(warning.length(), LONGEST_WARNING); i++) {
        char c = warning.charAt(i);
        if (c == '"' || c == '\\') {
          text.append('\\').append(c);
        } else if (c >= ' ' && c < 0x7f) {
          text.append(c);
        }
      }
      headers.add("warning", text.append('"'));
    }
  }

  @Override
  public void head(int status, Http2Headers headers) {
    if (status / 100 == 4 && outcome.atomic()) {
      outcome.notDone().run();
    }
    warn(headers, outcome.warnings());
    sink.head(status, headers);
  }

  @Override
  public void write(ByteBuf bytes, @Nullable Runnable written) {
    sink.write(bytes, written);
  }

  @Override
  public void flush() {
    sink.flush();
  }

  @Override
  public void end(@Nullable Http2Headers trailers) {
    sink.end(trailers);
  }

  @Override
  public void reset() {
    sink.reset();
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
  public boolean headSent() {
    return sink.headSent();
  }

  @Override
  public int status() {
    return sink.status();
  }

  @Override
  public void upgrade(Http2Headers headers, Consumer<Channel> ready) {
    sink.upgrade(headers, ready);
  }
}
