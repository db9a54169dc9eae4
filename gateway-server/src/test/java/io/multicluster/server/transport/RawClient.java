package io.multicluster.server.transport;

import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;

/** Bytes as a test wants them, HTTP/1.1 text or HTTP/2 frames, over TLS. */
final class RawClient implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;

  record Frame(int type, int flags, int stream, byte[] payload) {
    int intAt(int offset) {
      return ByteBuffer.wrap(payload).getInt(offset);
    }
  }

  private final SSLSocket socket;
  private final DataInputStream in;

  RawClient(SSLSocket socket) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(socket.getInputStream());
  }

  static RawClient http1(TestServer server) throws IOException {
    return new RawClient(server.socket("http/1.1"));
  }

  static RawClient http2(TestServer server) throws IOException {
    RawClient client = new RawClient(server.socket("h2"));
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.frame(SETTINGS, 0, 0);
    return client;
  }

  /** A client that sends its certificate whatever authorities the server names. */
  static RawClient withCertificate(int port, X509Bundle certificate) throws Exception {
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(
        new KeyManager[] {new Always(certificate)},
        InsecureTrustManagerFactory.INSTANCE.getTrustManagers(),
        null);
    SSLSocket socket = (SSLSocket) tls.getSocketFactory().createSocket("localhost", port);
    socket.setSoTimeout(20_000);
    return new RawClient(socket);
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }

  void frame(int type, int flags, int stream, byte... payload) throws IOException {
    socket.getOutputStream().write(bytes(type, flags, stream, payload));
    socket.getOutputStream().flush();
  }

  /** The same frame many times; stops early if the server hangs up. */
  void flood(int count, int type, int flags, int stream, byte... payload) {
    try {
      byte[] frame = bytes(type, flags, stream, payload);
      for (int i = 0; i < count; i++) {
        socket.getOutputStream().write(frame);
      }
      socket.getOutputStream().flush();
    } catch (IOException hungUp) {
      // What the server had to say is read from the input.
    }
  }

  /** HEADERS of a GET, or of a POST whose body is to follow, uncompressed. */
  void request(int stream, boolean post, String... namesAndValues) throws IOException {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    literal(block, ":method", post ? "POST" : "GET");
    literal(block, ":scheme", "https");
    literal(block, ":path", "/");
    for (int i = 0; i < namesAndValues.length; i += 2) {
      literal(block, namesAndValues[i], namesAndValues[i + 1]);
    }
    frame(HEADERS, post ? END_HEADERS : END_HEADERS | END_STREAM, stream, block.toByteArray());
  }

  private static void literal(ByteArrayOutputStream block, String name, String value) {
    block.write(0);
    string(block, name);
    string(block, value);
  }

  private static void string(ByteArrayOutputStream block, String text) {
    int length = text.length();
    if (length < 127) {
      block.write(length);
    } else {
      block.write(127);
      int rest = length - 127;
      while (rest >= 128) {
        block.write((rest % 128) | 128);
        rest /= 128;
      }
      block.write(rest);
    }
    block.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static byte[] bytes(int type, int flags, int stream, byte[] payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .putInt((payload.length << 8) | type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  Frame read() throws IOException {
    int lengthAndType = in.readInt();
    int flags = in.readUnsignedByte();
    int stream = in.readInt();
    return new Frame(lengthAndType & 0xff, flags, stream, in.readNBytes(lengthAndType >>> 8));
  }

  /** Reads until a frame of this type comes. */
  Frame await(int type) throws IOException {
    for (int i = 0; i < 100_000; i++) {
      Frame frame = read();
      if (frame.type() == type) {
        return frame;
      }
    }
    throw new IOException("no frame of type " + type);
  }

  /** Reads text up to and including {@code end}. */
  String readUntil(String end) throws IOException {
    StringBuilder text = new StringBuilder();
    while (text.indexOf(end) < 0) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("got only: " + text);
      }
      text.append((char) next);
    }
    return text.toString();
  }

  String readAll() throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private static final class Always extends X509ExtendedKeyManager {
    private final X509Bundle own;

    Always(X509Bundle own) {
      this.own = own;
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
      return new String[] {"own"};
    }

    @Override
    public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
      return "own";
    }

    @Override
    public String chooseEngineClientAlias(String[] keyType, Principal[] issuers, SSLEngine engine) {
      return "own";
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
      return new String[0];
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
      throw new UnsupportedOperationException("a client");
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return own.getCertificatePath();
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return own.getKeyPair().getPrivate();
    }
  }
}
