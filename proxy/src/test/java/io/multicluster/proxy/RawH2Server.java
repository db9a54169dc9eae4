package io.multicluster.proxy;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/**
 * A server that says byte by byte what a test wants, by the letter of RFC 9113: nothing of it is
 * Netty's or ours, and it may break each rule. One script for each connection, in turn.
 */
final class RawH2Server implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PUSH_PROMISE = 5;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;

  static final int END_STREAM = 1;
  static final int ACK = 1;
  static final int END_HEADERS = 4;
  static final int PADDED = 8;

  /** {@code :status: 200}, from the static table of RFC 7541. */
  static final byte[] OK = {(byte) 0x88};

  /** What one connection does. */
  @FunctionalInterface
  interface Script {
    void run(Peer client) throws Exception;
  }

  record Frame(int type, int flags, int stream, byte[] payload) {
    int number() {
      return ByteBuffer.wrap(payload).getInt();
    }

    /** Of a GOAWAY. */
    int code() {
      return ByteBuffer.wrap(payload).getInt(4);
    }

    boolean has(int flag) {
      return (flags & flag) != 0;
    }
  }

  /** The client's end of a connection. */
  static final class Peer {
    private final DataInputStream in;
    private final DataOutputStream out;

    Peer(Socket socket) throws IOException {
      in = new DataInputStream(socket.getInputStream());
      out = new DataOutputStream(socket.getOutputStream());
    }

    /** Reads the client's preface and settings, and sends settings that change nothing. */
    void greet(int... idsAndValues) throws IOException {
      readPreface();
      settings(idsAndValues);
    }

    void readPreface() throws IOException {
      in.readNBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length());
    }

    void settings(int... idsAndValues) throws IOException {
      ByteBuffer payload = ByteBuffer.allocate(idsAndValues.length / 2 * 6);
      for (int i = 0; i < idsAndValues.length; i += 2) {
        payload.putShort((short) idsAndValues[i]).putInt(idsAndValues[i + 1]);
      }
      send(SETTINGS, 0, 0, payload.array());
    }

    void send(int type, int flags, int stream, byte... payload) throws IOException {
      ByteArrayOutputStream frame = new ByteArrayOutputStream();
      DataOutputStream fields = new DataOutputStream(frame);
      fields.writeByte(payload.length >> 16);
      fields.writeShort(payload.length);
      fields.writeByte(type);
      fields.writeByte(flags);
      fields.writeInt(stream);
      fields.write(payload);
      raw(frame.toByteArray());
    }

    void sendNumber(int type, int stream, int number) throws IOException {
      send(type, 0, stream, ByteBuffer.allocate(4).putInt(number).array());
    }

    void raw(byte[] bytes) throws IOException {
      out.write(bytes);
      out.flush();
    }

    /** An answer without a body. */
    void answer(int stream) throws IOException {
      send(HEADERS, END_HEADERS | END_STREAM, stream, OK);
    }

    Frame read() throws IOException {
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      int type = in.readUnsignedByte();
      int flags = in.readUnsignedByte();
      int stream = in.readInt();
      byte[] payload = in.readNBytes(length);
      if (payload.length < length) {
        throw new EOFException();
      }
      return new Frame(type, flags, stream, payload);
    }

    /** The next frame of a type; others are passed over. */
    Frame next(int type) throws IOException {
      Frame frame = read();
      while (frame.type() != type) {
        frame = read();
      }
      return frame;
    }

    /** Until the client closes. */
    void readOn() throws IOException {
      while (true) {
        try {
          read();
        } catch (EOFException closed) {
          return;
        }
      }
    }
  }

  private final SSLServerSocket listener;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final Queue<Script> scripts = new ConcurrentLinkedQueue<>();

  RawH2Server(TestPki pki, Script... inTurn) throws IOException, GeneralSecurityException {
    TestPki.Identity identity = pki.server();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "server", identity.key(), new char[0], new Certificate[] {identity.certificate()});
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, new char[0]);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), null, null);
    listener = (SSLServerSocket) tls.getServerSocketFactory().createServerSocket();
    // What it does not read soon holds the client up.
    listener.setReceiveBufferSize(16 * 1024);
    listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    SSLParameters parameters = listener.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    listener.setSSLParameters(parameters);
    scripts.addAll(List.of(inTurn));
    Thread.ofVirtual().start(this::accept);
  }

  URI url() {
    return URI.create("https://127.0.0.1:" + listener.getLocalPort());
  }

  /** Done when all scripts have run, with the first failure of one. */
  CompletableFuture<Void> done() {
    return done;
  }

  private void accept() {
    try {
      while (!scripts.isEmpty()) {
        Script script = scripts.remove();
        SSLSocket socket = (SSLSocket) listener.accept();
        boolean last = scripts.isEmpty();
        Thread.ofVirtual().start(() -> run(script, socket, last));
      }
    } catch (IOException closed) {
      done.completeExceptionally(closed);
    }
  }

  private void run(Script script, SSLSocket socket, boolean last) {
    try (socket) {
      Peer client = new Peer(socket);
      script.run(client);
      if (last) {
        done.complete(null);
      }
      drain(client);
    } catch (Throwable failure) {
      done.completeExceptionally(failure);
    }
  }

  /** What is closed with something unread loses what was written last. */
  private static void drain(Peer client) {
    try {
      client.readOn();
    } catch (IOException brokenOff) {
      // An end as well, and no failure of the script's.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
