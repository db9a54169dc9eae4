package io.multicluster.wire.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * Where the answer to one request goes. Order of calls: {@link #head} once, any number of {@link
 * #write}, then {@link #end} or {@link #reset}; or {@link #upgrade} instead of all.
 *
 * <p>Methods may be called from any thread, one caller at a time; calls from outside the event loop
 * are handed to it in order. Calls after the client has gone are ignored and release what they were
 * given.
 */
public interface ResponseSink {
  /** Sends the head. {@code headers} pass to the sink. */
  void head(int status, Http2Headers headers);

  /** Sends a part of the body. Ownership of {@code bytes} passes to the sink. */
  default void write(ByteBuf bytes) {
    write(bytes, null);
  }

  /**
   * Sends a part of the body.
   *
   * @param written runs on the event loop when the bytes have left for the socket or were dropped
   *     because the client has gone; the place to return credit to where they came from
   */
  void write(ByteBuf bytes, @Nullable Runnable written);

  /** Makes what was written go out now. {@link #end} does so by itself. */
  void flush();

  /**
   * @param trailers null if there are none
   */
  void end(@Nullable Http2Headers trailers);

  /** Breaks the answer off so that the client notices: RST_STREAM, or the connection is closed. */
  void reset();

  /** Whether less than the high-water mark of unsent bytes is queued for this stream. */
  boolean writable();

  /**
   * @param listener runs on the event loop each time the sink becomes writable again; one listener
   */
  void onWritable(Runnable listener);

  /**
   * @param listener runs on the event loop once the exchange is over, however it ended; at once if
   *     it is over already. Listeners add up.
   */
  void onClose(Runnable listener);

  /** Whether {@link #head} was called: from then on an error can only {@link #reset}. */
  boolean headSent();

  /** The status given to {@link #head}; 0 before. */
  int status();

  /**
   * Answers 101 and leaves HTTP: the channel, stripped of HTTP handlers and with auto-read off, is
   * the caller's from then on, bytes that arrived early included. HTTP/1.1 only.
   *
   * @throws IllegalStateException on HTTP/2
   */
  void upgrade(Http2Headers headers, java.util.function.Consumer<Channel> ready);
}
