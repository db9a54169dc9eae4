package io.multicluster.testclusters.simulated;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;

/**
 * The answer to one request, written from the virtual thread that handles it. Writing blocks while
 * the client does not read, so memory stays bounded.
 */
final class ServerResponse {
  private final Channel channel;
  private final boolean keepAlive;
  private final boolean head;
  private final DefaultHttpHeaders headers = new DefaultHttpHeaders();
  private volatile boolean started;

  ServerResponse(Channel channel, boolean keepAlive, boolean head) {
    this.channel = channel;
    this.keepAlive = keepAlive;
    this.head = head;
  }

  /** Sets a header of the answer that is still to come. */
  void header(String name, String value) {
    headers.set(name, value);
  }

  /** Adds one more value of a header. */
  void addHeader(String name, String value) {
    headers.add(name, value);
  }

  boolean started() {
    return started;
  }

  boolean closed() {
    return !channel.isActive();
  }

  void send(int status, String contentType, byte[] body) {
    started = true;
    ByteBuf content = head ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body);
    DefaultFullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), content);
    fill(response, contentType);
    HttpUtil.setContentLength(response, body.length);
    finish(channel.writeAndFlush(response));
  }

  /** Sends the head now and the body through the stream; closing the stream ends the answer. */
  OutputStream stream(int status, String contentType, long length) {
    started = true;
    HttpResponse response =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
    fill(response, contentType);
    if (length >= 0) {
      HttpUtil.setContentLength(response, length);
    } else {
      HttpUtil.setTransferEncodingChunked(response, true);
    }
    var _ = channel.writeAndFlush(response);
    return new Body();
  }

  /** Starts the answer to a watch. */
  EventStream events(ServerRequest request, String contentType) throws IOException {
    if (WebSocketEvents.asked(request)) {
      started = true;
      return WebSocketEvents.open(channel, request, contentType.contains("protobuf"));
    }
    OutputStream body = stream(200, contentType, -1);
    return new EventStream() {
      @Override
      public void write(byte[] frame) throws IOException {
        body.write(frame);
      }

      @Override
      public void flush() throws IOException {
        body.flush();
      }

      @Override
      public void close() throws IOException {
        body.close();
      }
    };
  }

  private void fill(HttpResponse response, String contentType) {
    response.headers().add(headers);
    if (!contentType.isEmpty()) {
      response.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
    }
    if (!keepAlive) {
      response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
  }

  private void finish(io.netty.channel.ChannelFuture last) {
    if (!keepAlive) {
      last.addListener(ChannelFutureListener.CLOSE);
    }
  }

  /** Ends the answer where it stands: a reset stream, or a closed HTTP/1.1 connection. */
  void abort() {
    var _ = channel.close();
  }

  private final class Body extends OutputStream {
    private static final int CHUNK = 64 * 1024;
    private ByteBuf chunk = Unpooled.buffer(CHUNK);
    private boolean ended;

    @Override
    public void write(int b) throws IOException {
      chunk.writeByte(b);
      flushIfFull();
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      chunk.writeBytes(bytes, offset, length);
      flushIfFull();
    }

    private void flushIfFull() throws IOException {
      if (chunk.readableBytes() >= CHUNK) {
        flush();
      }
    }

    @Override
    public void flush() throws IOException {
      if (chunk.readableBytes() > 0) {
        ByteBuf full = chunk;
        chunk = Unpooled.buffer(CHUNK);
        if (head) {
          full.release();
        } else {
          awaitWritable();
          var _ = channel.writeAndFlush(new DefaultHttpContent(full));
        }
      }
    }

    private void awaitWritable() throws IOException {
      Writability writability = channel.attr(Writability.KEY).get();
      try {
        writability.await(channel);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException();
      }
      if (!channel.isActive()) {
        throw new IOException("the client is gone");
      }
    }

    @Override
    public void close() throws IOException {
      if (!ended) {
        ended = true;
        flush();
        finish(channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT));
      }
    }
  }
}
