package io.multicluster.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An HTTP/2 server over TLS that does with each request what the test says. */
final class H2Upstream implements AutoCloseable {
  /** One request, as the server has it. */
  static final class Request {
    final Channel connection;
    final Http2FrameStream stream;
    final Http2Headers headers;
    final CompletableFuture<byte[]> body = new CompletableFuture<>();
    final CompletableFuture<Http2Headers> trailers = new CompletableFuture<>();
    final CompletableFuture<Long> reset = new CompletableFuture<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    final AtomicInteger received = new AtomicInteger();

    Request(Channel connection, Http2FrameStream stream, Http2Headers headers) {
      this.connection = connection;
      this.stream = stream;
      this.headers = headers;
    }

    String path() {
      return headers.path().toString();
    }

    @Nullable String header(String name) {
      CharSequence value = headers.get(name);
      return value == null ? null : value.toString();
    }

    int id() {
      return stream.id();
    }

    void answer(int status, String text) {
      head(status);
      data(Unpooled.copiedBuffer(text, UTF_8), true);
    }

    ChannelFuture head(int status, String... namesAndValues) {
      Http2Headers head = new DefaultHttp2Headers().status(String.valueOf(status));
      for (int i = 0; i < namesAndValues.length; i += 2) {
        head.add(namesAndValues[i], namesAndValues[i + 1]);
      }
      return connection.writeAndFlush(new DefaultHttp2HeadersFrame(head).stream(stream));
    }

    ChannelFuture data(ByteBuf data, boolean end) {
      return connection.writeAndFlush(new DefaultHttp2DataFrame(data, end).stream(stream));
    }

    void text(String text) {
      data(Unpooled.copiedBuffer(text, UTF_8), false);
    }

    void end(String... trailerNamesAndValues) {
      Http2Headers last = new DefaultHttp2Headers();
      for (int i = 0; i < trailerNamesAndValues.length; i += 2) {
        last.add(trailerNamesAndValues[i], trailerNamesAndValues[i + 1]);
      }
      connection.writeAndFlush(new DefaultHttp2HeadersFrame(last, true).stream(stream));
    }

    void reset(Http2Error error) {
      connection.writeAndFlush(new DefaultHttp2ResetFrame(error).stream(stream));
    }

    /** Says that streams up to {@code lastStreamId} are still served. */
    void goAway(Http2Error error, int lastStreamId) {
      connection
          .eventLoop()
          .execute(() -> {
            ChannelHandlerContext ctx = connection.pipeline().context(Http2FrameCodec.class);
            ((Http2FrameCodec) ctx.handler())
                .goAway(ctx, lastStreamId, error.code(), Unpooled.EMPTY_BUFFER, ctx.newPromise());
            ctx.flush();
          });
    }

    /** Gives back window for what has arrived. */
    void consume(int count) {
      connection.writeAndFlush(new DefaultHttp2WindowUpdateFrame(count).stream(stream));
    }
  }

  /** What a test may want to be otherwise. */
  static final class Options {
    int maxStreams = 1000;
    int window = 65_535;
    boolean consume = true;
    boolean clientAuth;
    boolean answerPings = true;
    int port;
    List<String> alpn = List.of("h2", "http/1.1");
    String[] names = {};
  }

  final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
  final List<Channel> connections = new CopyOnWriteArrayList<>();
  final List<String> clientNames = new CopyOnWriteArrayList<>();
  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Channel listener;

  H2Upstream(TestPki pki, Consumer<Request> script) {
    this(pki, new Options(), script);
  }

  H2Upstream(TestPki pki, Options options, Consumer<Request> script) {
    SslContext tls = serverTls(pki, options);
    listener =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    connections.add(channel);
                    channel
                        .pipeline()
                        .addLast(tls.newHandler(channel.alloc()))
                        .addLast(
                            Http2FrameCodecBuilder.forServer()
                                .autoAckPingFrame(options.answerPings)
                                .initialSettings(
                                    new Http2Settings()
                                        .maxConcurrentStreams(options.maxStreams)
                                        .initialWindowSize(options.window))
                                .build())
                        .addLast(new Handler(options, script));
                  }
                })
            .bind("127.0.0.1", options.port)
            .syncUninterruptibly()
            .channel();
  }

  static SslContext serverTls(TestPki pki, Options options) {
    TestPki.Identity identity = pki.server(options.names);
    try {
      return SslContextBuilder.forServer(identity.key(), identity.certificate())
          .sslProvider(SslProvider.JDK)
          .trustManager(pki.authority())
          .clientAuth(options.clientAuth ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL)
          .applicationProtocolConfig(
              new ApplicationProtocolConfig(
                  ApplicationProtocolConfig.Protocol.ALPN,
                  ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                  ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                  options.alpn))
          .build();
    } catch (javax.net.ssl.SSLException e) {
      throw new IllegalStateException(e);
    }
  }

  int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  URI url() {
    return URI.create("https://127.0.0.1:" + port());
  }

  Request next() throws InterruptedException {
    Request request = requests.poll(10, TimeUnit.SECONDS);
    if (request == null) {
      throw new AssertionError("no request came");
    }
    return request;
  }

  /** Stops listening and drops all connections. */
  void kill() {
    listener.close().syncUninterruptibly();
    for (Channel connection : connections) {
      connection.close().syncUninterruptibly();
    }
  }

  @Override
  public void close() {
    kill();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private final class Handler extends ChannelInboundHandlerAdapter {
    private final Options options;
    private final Consumer<Request> script;
    private final Map<Http2FrameStream, Request> open = new ConcurrentHashMap<>();

    Handler(Options options, Consumer<Request> script) {
      this.options = options;
      this.script = script;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
      try {
        switch (message) {
          case Http2HeadersFrame frame -> headers(ctx, frame);
          case Http2DataFrame frame -> data(ctx, frame);
          case Http2ResetFrame frame -> request(frame.stream()).reset.complete(frame.errorCode());
          case Http2PingFrame frame -> {}
          default -> {}
        }
      } finally {
        ReferenceCountUtil.release(message);
      }
    }

    private Request request(Http2FrameStream stream) {
      return Objects.requireNonNull(open.get(stream));
    }

    private void headers(ChannelHandlerContext ctx, Http2HeadersFrame frame) throws Exception {
      Request known = open.get(frame.stream());
      if (known != null) {
        known.trailers.complete(frame.headers());
        known.body.complete(known.bytes.toByteArray());
        return;
      }
      var session = ctx.pipeline().get(SslHandler.class).engine().getSession();
      if (options.clientAuth) {
        clientNames.add(session.getPeerPrincipal().getName());
      }
      Request request = new Request(ctx.channel(), frame.stream(), frame.headers());
      open.put(frame.stream(), request);
      if (frame.isEndStream()) {
        request.body.complete(new byte[0]);
      }
      requests.add(request);
      script.accept(request);
    }

    private void data(ChannelHandlerContext ctx, Http2DataFrame frame) throws Exception {
      Request request = request(frame.stream());
      int length = frame.content().readableBytes();
      frame.content().readBytes(request.bytes, length);
      request.received.addAndGet(length);
      if (options.consume) {
        ctx.writeAndFlush(
            new DefaultHttp2WindowUpdateFrame(frame.initialFlowControlledBytes())
                .stream(frame.stream()));
      }
      if (frame.isEndStream()) {
        request.body.complete(request.bytes.toByteArray());
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }
}
