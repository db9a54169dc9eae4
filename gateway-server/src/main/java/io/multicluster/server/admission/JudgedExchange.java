package io.multicluster.server.admission;

import io.multicluster.wire.http.BodyReceiver;
import io.multicluster.wire.http.BodySource;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.http.ResponseSink;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;

/** An exchange whose body was read already and is given once more. */
record JudgedExchange(Exchange received, byte[] body, ResponseSink response) implements Exchange {

  @Override
  public BodySource requestBody() {
    return new BodySource() {
      @Override
      public void receive(BodyReceiver receiver) {
        eventLoop()
            .execute(() -> {
              if (body.length > 0) {
                receiver.data(Unpooled.wrappedBuffer(body));
              }
              receiver.end(null);
            });
      }

      @Override
      public void consumed(int bytes) {}

      @Override
      public void cancel() {}
    };
  }

  @Override
  public RequestHead request() {
    return received.request();
  }

  @Override
  public EventLoop eventLoop() {
    return received.eventLoop();
  }

  @Override
  public boolean http2() {
    return received.http2();
  }

  @Override
  public List<X509Certificate> clientCertificates() {
    return received.clientCertificates();
  }

  @Override
  public InetSocketAddress remoteAddress() {
    return received.remoteAddress();
  }
}
