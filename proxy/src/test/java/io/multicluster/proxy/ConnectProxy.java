package io.multicluster.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A forward proxy that does CONNECT and nothing else. */
final class ConnectProxy implements AutoCloseable {
  final List<String> heads = new CopyOnWriteArrayList<>();
  private final ServerSocket listener;
  private final String answer;

  /**
   * @param answer status line after the version, such as {@code 200 OK}
   */
  ConnectProxy(String answer) throws IOException {
    this.answer = answer;
    listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  URI url(String userInfo) {
    return URI.create("http://" + userInfo + "127.0.0.1:" + listener.getLocalPort());
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private void serve(Socket client) {
    try (client) {
      StringBuilder head = new StringBuilder();
      InputStream in = client.getInputStream();
      while (head.indexOf("\r\n\r\n") < 0) {
        head.append((char) in.read());
      }
      heads.add(head.toString());
      client.getOutputStream().write(("HTTP/1.1 " + answer + "\r\n\r\n").getBytes(US_ASCII));
      if (!answer.startsWith("200")) {
        return;
      }
      String target = head.substring("CONNECT ".length(), head.indexOf(" HTTP/1.1"));
      int colon = target.indexOf(':');
      try (Socket server =
          new Socket(
              InetAddress.getLoopbackAddress(), Integer.parseInt(target.substring(colon + 1)))) {
        Thread back =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    server.getInputStream().transferTo(client.getOutputStream());
                    client.shutdownOutput();
                  } catch (IOException ended) {
                    // The other side is gone.
                  }
                });
        in.transferTo(server.getOutputStream());
        server.shutdownOutput();
        back.join();
      }
    } catch (IOException | InterruptedException ended) {
      // One of the sides is gone.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
