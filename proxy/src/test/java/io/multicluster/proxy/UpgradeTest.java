package io.multicluster.proxy;

import static io.multicluster.proxy.Received.get;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Leaks.class)
class UpgradeTest {
  private static final TestPki PKI = new TestPki();
  private static final UserInfo JANE = new UserInfo("jane", "", List.of("dev"), Map.of());
  private static final int SECONDS = 20;

  /** One NIO loop: the fake clients' sockets need one that NIO channels can be on. */
  private static EventLoopGroup group;

  private final List<AutoCloseable> open = new ArrayList<>();
  private final CompletableFuture<ApiException> failed = new CompletableFuture<>();
  private final BlockingQueue<Remote> remotes = new LinkedBlockingQueue<>();

  @BeforeAll
  static void startLoops() {
    group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  }

  @AfterAll
  static void stopLoops() {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable closeable : open.reversed()) {
      closeable.close();
    }
  }

  @Test
  void theHandshakePassesInBothDirectionsWithoutTheClientsToken() throws Exception {
    H1Upstream server = upgrading("");
    Client client = client(null);
    FakeExchange exchange =
        exec(client)
            .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .with(
                "sec-websocket-protocol",
                "v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.dG9rZW4")
            .with("x-stream-protocol-version", "v4.channel.k8s.io")
            .with("x-stream-protocol-version", "v3.channel.k8s.io")
            .with("authorization", "Bearer client")
            .with("audit-id", "a-1");

    forward(exchange, server);

    var headers = get(exchange.upgradeHeaders);
    assertThat(headers.get("upgrade")).hasToString("websocket");
    assertThat(headers.get("connection")).hasToString("Upgrade");
    assertThat(headers.get("sec-websocket-accept")).hasToString("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assertThat(headers.contains("audit-id")).isFalse();
    FullHttpRequest request = server.next();
    assertThat(request.method().name()).isEqualTo("GET");
    assertThat(request.uri()).isEqualTo("/api/v1/namespaces/a/pods/b/exec?command=sh&stdin=true");
    assertThat(request.headers().getAll("connection")).containsExactly("Upgrade");
    assertThat(request.headers().getAll("upgrade")).containsExactly("websocket");
    assertThat(request.headers().get("sec-websocket-key")).isEqualTo("dGhlIHNhbXBsZSBub25jZQ==");
    assertThat(request.headers().getAll("sec-websocket-protocol"))
        .containsExactly("v5.channel.k8s.io");
    assertThat(request.headers().getAll("x-stream-protocol-version"))
        .containsExactly("v4.channel.k8s.io", "v3.channel.k8s.io");
    assertThat(request.headers().get("impersonate-user")).isEqualTo("jane");
    assertThat(request.headers().get("audit-id")).isEqualTo("a-1");
    assertThat(request.headers().get("authorization")).isEqualTo("Bearer gateway");
  }

  @Test
  void bytesPassBothWaysFromTheVeryFirst() throws Exception {
    H1Upstream server = upgrading("hello ");
    Client client = client(null);
    client.send("early ");
    forward(exec(client), server);

    Remote remote = remote();
    assertThat(client.read(6)).isEqualTo("hello ");
    client.send("and more");
    assertThat(remote.read(14)).isEqualTo("early and more");
    remote.send("output");
    assertThat(client.read(6)).isEqualTo("output");
  }

  /**
   * What a kubelet says last when {@code sh -c 'exit 42'} is over, in each protocol's own frames.
   */
  @ParameterizedTest
  @ValueSource(strings = {"v4.channel.k8s.io", "v5.channel.k8s.io", "SPDY/3.1"})
  void theExitCodeOnTheErrorChannelPassesByteForByte(String protocol) throws Exception {
    byte[] status =
        """
        {"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: \
        error executing command [sh -c exit 42], exit code 42","reason":"NonZeroExitCode",\
        "details":{"causes":[{"reason":"ExitCode","message":"42"}]}}\
        """
            .getBytes(UTF_8);
    ByteBuf frames = Unpooled.buffer();
    switch (protocol) {
      case "SPDY/3.1" -> {
        // DATA on stream 1, the error stream, with FLAG_FIN; then GOAWAY, last good stream 7, OK.
        frames.writeInt(1).writeByte(1).writeMedium(status.length).writeBytes(status);
        frames.writeShort(0x8003).writeShort(7).writeInt(8).writeInt(7).writeInt(0);
      }
      default -> {
        // One binary message whose first byte is the channel, then the closing handshake, 1000.
        frames.writeByte(0x82).writeByte(126).writeShort(status.length + 1);
        frames.writeByte(3).writeBytes(status);
        frames.writeByte(0x88).writeByte(2).writeShort(1000);
      }
    }
    byte[] sent = ByteBufUtil.getBytes(frames);
    Client client = client(null);
    FakeExchange exchange =
        protocol.startsWith("SPDY")
            ? exec(client).with("x-stream-protocol-version", "v4.channel.k8s.io")
            : exec(client).with("sec-websocket-protocol", protocol);
    forward(exchange, upgrading(""));

    Remote remote = remote();
    client.send("!");
    assertThat(remote.read(1)).isEqualTo("!");
    remote.channel.writeAndFlush(frames).addListener(_ -> remote.channel.close());
    assertThat(client.socket().getInputStream().readAllBytes()).isEqualTo(sent);
  }

  @Test
  void aClientThatIsKilledEndsTheRemoteSide() throws Exception {
    H1Upstream server = upgrading("hello");
    Client client = client(null);
    forward(exec(client), server);
    Remote remote = remote();
    client.read(5);

    client.socket.setSoLinger(true, 0);
    client.socket.close();

    remote.channel.closeFuture().get(SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void aRemoteThatEndsEndsTheClientAfterItsLastByte() throws Exception {
    H1Upstream server = upgrading("");
    Client client = client(null);
    forward(exec(client), server);
    Remote remote = remote();

    remote.channel.write(Unpooled.wrappedBuffer(new byte[3 << 20]));
    remote.send("exit 0");
    remote.channel.close();

    byte[] all = client.socket.getInputStream().readAllBytes();
    assertThat(all).hasSize((3 << 20) + 6);
  }

  @Test
  void aRemoteThatIsOverBeforeTheClientHasItsHeadLosesNothing() throws Exception {
    H1Upstream server = upgrading("all there is", true);
    Client client = client(null);
    forward(exec(client), server);

    assertThat(client.socket.getInputStream().readAllBytes())
        .asString(US_ASCII)
        .isEqualTo("all there is");
  }

  @Test
  void aClientThatDoesNotReadHoldsTheRemoteBack() throws Exception {
    int total = 48 << 20;
    H1Upstream server = upgrading("");
    Client client = client(null);
    forward(exec(client), server);
    Remote remote = remote();

    AtomicLong sent = remote.flood(total);
    // Whatever the kernel and our own buffers take is taken in the first moments.
    long before;
    do {
      before = sent.get();
      Thread.sleep(500);
    } while (sent.get() > before);
    assertThat(sent.get()).as("bytes taken off a client that reads nothing").isLessThan(24 << 20);

    client.socket.getInputStream().skipNBytes(total);
    // The client can have the last byte before the remote is told that it was written.
    Awaitility.await().atMost(Duration.ofSeconds(SECONDS)).until(() -> sent.get() == total);
  }

  @Test
  void aClientThatSaysGoodbyeEndsTheRemoteSideAfterItsLastByte() throws Exception {
    H1Upstream server = upgrading("!");
    H2Upstream.Options h1 = new H2Upstream.Options();
    h1.alpn = List.of("http/1.1");
    Client client = client(H2Upstream.serverTls(PKI, h1));
    forward(exec(client), server);
    Remote remote = remote();
    client.read(1);
    client.send("last words");
    client.socket.close();

    assertThat(remote.read(10)).isEqualTo("last words");
    remote.channel.closeFuture().get(SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void anyOtherStatusIsAnOrdinaryAnswer() throws Exception {
    H1Upstream server =
        new H1Upstream(PKI, (ctx, request) -> H1Upstream.answer(ctx, 403, "no exec for you"));
    open.add(server);
    FakeExchange exchange = exec(client(null));
    forward(exchange, server);

    assertThat(get(exchange.ended)).isEqualTo("no exec for you");
    assertThat(get(exchange.answered)).isEqualTo(403);
    server.connections.getFirst().closeFuture().get(SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void aClientThatGoesWhileTheHandshakeIsUnderWayLeavesNothingBehind() throws Exception {
    H1Upstream server = new H1Upstream(PKI, (ctx, request) -> {});
    open.add(server);
    FakeExchange exchange = exec(client(null));
    forward(exchange, server);
    server.next();

    exchange.close();

    server.connections.getFirst().closeFuture().get(SECONDS, TimeUnit.SECONDS);
    assertThat(failed).isNotDone();
  }

  @Test
  void aHandshakeThatBreaksIsNeverRepeated() throws Exception {
    H1Upstream server = new H1Upstream(PKI, (ctx, request) -> ctx.close());
    open.add(server);
    forward(exec(client(null)), server);

    ApiException error = get(failed);
    assertThat(error.status().code()).isEqualTo(502);
    assertThat(error.status().retryAfterSeconds()).isZero();
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void manySessionsGoOnAtOnce() throws Exception {
    H1Upstream server = upgrading("!");
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      Client client = client(null);
      clients.add(client);
      forward(exec(client), server);
      assertThat(client.read(1)).isEqualTo("!");
    }
    for (int i = 0; i < 200; i++) {
      clients.get(i).send("x" + i);
    }
    for (int i = 0; i < 200; i++) {
      String text = "x" + i;
      assertThat(remote().read(text.length())).isEqualTo(text);
    }
    assertThat(failed).isNotDone();
  }

  // The remote side.

  private H1Upstream upgrading(String first) {
    return upgrading(first, false);
  }

  /** Sends {@code first} together with the head. */
  private H1Upstream upgrading(String first, boolean thenClose) {
    H1Upstream server =
        new H1Upstream(
            PKI,
            (ctx, request) -> {
              Channel channel = ctx.channel();
              FullHttpResponse head =
                  new DefaultFullHttpResponse(
                      HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS);
              head.headers()
                  .set("Upgrade", "websocket")
                  .set("Connection", "Upgrade")
                  .set("Audit-Id", "theirs")
                  .set("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
              ctx.write(head);
              Remote remote = new Remote(channel);
              channel.eventLoop().execute(() -> remote.takeOver(first, thenClose));
              remotes.add(remote);
            });
    open.add(server);
    return server;
  }

  private Remote remote() throws InterruptedException {
    Remote remote = remotes.poll(SECONDS, TimeUnit.SECONDS);
    if (remote == null) {
      throw new AssertionError("no upgrade came");
    }
    return remote;
  }

  private static final class Remote extends ChannelInboundHandlerAdapter {
    final Channel channel;
    private final BlockingQueue<Byte> bytes = new LinkedBlockingQueue<>();

    Remote(Channel channel) {
      this.channel = channel;
    }

    void takeOver(String first, boolean thenClose) {
      channel.pipeline().remove(HttpServerCodec.class);
      channel.pipeline().remove(HttpObjectAggregator.class);
      channel.pipeline().removeLast();
      channel.pipeline().addLast(this);
      ChannelFuture written = channel.writeAndFlush(Unpooled.copiedBuffer(first, US_ASCII));
      if (thenClose) {
        written.addListener(done -> channel.close());
      }
    }

    void send(String text) {
      channel.writeAndFlush(Unpooled.copiedBuffer(text, US_ASCII));
    }

    /** Writes as fast as it is taken; returns how much was. */
    AtomicLong flood(int total) {
      AtomicLong sent = new AtomicLong();
      Consumer<Integer> more =
          new Consumer<>() {
            @Override
            public void accept(Integer left) {
              int now = Math.min(left, 64 * 1024);
              channel
                  .writeAndFlush(Unpooled.wrappedBuffer(new byte[now]))
                  .addListener(done -> {
                    sent.addAndGet(now);
                    if (left > now) {
                      accept(left - now);
                    }
                  });
            }
          };
      more.accept(total);
      return sent;
    }

    String read(int count) throws InterruptedException {
      StringBuilder text = new StringBuilder();
      while (text.length() < count) {
        Byte next = bytes.poll(SECONDS, TimeUnit.SECONDS);
        if (next == null) {
          throw new AssertionError("only " + text + " came");
        }
        text.append((char) (byte) next);
      }
      return text.toString();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf data = (ByteBuf) message;
      while (data.isReadable()) {
        bytes.add(data.readByte());
      }
      data.release();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }

  // The client's side.

  /** A socket, and the channel at the gateway's end of it. */
  private record Client(Socket socket, Channel channel) implements AutoCloseable {
    void send(String text) throws Exception {
      socket.getOutputStream().write(text.getBytes(US_ASCII));
      socket.getOutputStream().flush();
    }

    String read(int count) throws Exception {
      InputStream in = socket.getInputStream();
      return new String(in.readNBytes(count), US_ASCII);
    }

    @Override
    public void close() throws IOException {
      channel.close().syncUninterruptibly();
      socket.close();
    }
  }

  /**
   * @param tls what the gateway serves with; null for none
   */
  private Client client(@Nullable SslContext tls) throws Exception {
    CompletableFuture<Channel> accepted = new CompletableFuture<>();
    Channel listener =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childOption(ChannelOption.AUTO_READ, tls != null)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    if (tls == null) {
                      accepted.complete(channel);
                      return;
                    }
                    SslHandler handler = tls.newHandler(channel.alloc());
                    channel.pipeline().addLast(handler);
                    handler
                        .handshakeFuture()
                        .addListener(done -> {
                          channel.config().setAutoRead(false);
                          accepted.complete(channel);
                        });
                  }
                })
            .bind("127.0.0.1", 0)
            .sync()
            .channel();
    open.add(() -> listener.close().sync());
    int port = ((InetSocketAddress) listener.localAddress()).getPort();
    Socket socket = new Socket();
    socket.setReceiveBufferSize(64 * 1024);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), SECONDS * 1000);
    socket.setSoTimeout(SECONDS * 1000);
    if (tls != null) {
      SSLSocket secure =
          (SSLSocket)
              ((JdkSslContext)
                      SslContextBuilder.forClient()
                          .sslProvider(SslProvider.JDK)
                          .trustManager(PKI.authority())
                          .build())
                  .context()
                  .getSocketFactory()
                  .createSocket(socket, "127.0.0.1", port, true);
      secure.startHandshake();
      socket = secure;
    }
    Client client = new Client(socket, get(accepted));
    open.add(client);
    return client;
  }

  private static FakeExchange exec(Client client) {
    return new FakeExchange(
            (EventLoop) group.iterator().next(),
            "GET",
            "/api/v1/namespaces/a/pods/b/exec?command=sh&stdin=true",
            false)
        .bodyless()
        .raw(client.channel())
        .with("connection", "Upgrade")
        .with("upgrade", "websocket");
  }

  private void forward(FakeExchange exchange, H1Upstream server) {
    UpstreamClient upstream =
        new Upstreams(group, UpstreamLimits.DEFAULT)
            .open("test", PKI.config(server.url()).withBearerToken("gateway"));
    open.add(upstream);
    ReverseProxy.forward(
        exchange, upstream, JANE, exchange.request().path(), Duration.ZERO, failed::complete);
  }
}
