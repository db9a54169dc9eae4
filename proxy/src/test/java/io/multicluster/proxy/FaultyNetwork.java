package io.multicluster.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A stretch of network in front of a server, on loopback, in which things go wrong on demand. */
final class FaultyNetwork implements AutoCloseable {
  private static final int CHUNK = 16 * 1024;

  private final ServerSocket listener;
  private final int server;
  private final List<Connection> connections = new CopyOnWriteArrayList<>();

  /**
   * @param server the port that connections lead to
   */
  FaultyNetwork(int server) throws IOException {
    this.server = server;
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  URI url() {
    return URI.create("https://127.0.0.1:" + listener.getLocalPort());
  }

  /** How many connections were made so far. */
  int connections() {
    return connections.size();
  }

  /** The connections of now lose all that is sent from now on, and stay open: a cable is cut. */
  void cut() {
    connections.forEach(connection -> connection.cut = true);
  }

  /** One bit of what the server sends next on each connection of now changes on the way. */
  void corrupt() {
    connections.forEach(connection -> connection.corrupt = true);
  }

  private void accept() {
    try {
      while (true) {
        Connection connection = new Connection(listener.accept());
        connections.add(connection);
        Thread.ofVirtual().start(connection::run);
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private final class Connection {
    private final Socket client;
    private volatile boolean cut;
    private volatile boolean corrupt;

    Connection(Socket client) {
      this.client = client;
    }

    void run() {
      try (client;
          Socket upstream = new Socket(InetAddress.getLoopbackAddress(), server)) {
        Thread back = Thread.ofVirtual().start(() -> pump(upstream, client, true));
        pump(client, upstream, false);
        back.join();
      } catch (IOException | InterruptedException ended) {
        // One of the sides is gone.
      }
    }

    private void pump(Socket from, Socket to, boolean fromServer) {
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        byte[] chunk = new byte[CHUNK];
        for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
          if (cut) {
            continue;
          }
          if (fromServer && corrupt) {
            corrupt = false;
            chunk[n - 1] ^= 1; // Within a record's body, so that its length stays true.
          }
          out.write(chunk, 0, n);
        }
        if (!cut) {
          to.shutdownOutput();
        }
      } catch (IOException ended) {
        // One of the sides is gone.
      }
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Connection connection : connections) {
      connection.client.close();
    }
  }
}
