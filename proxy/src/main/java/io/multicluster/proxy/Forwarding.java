package io.multicluster.proxy;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.http.ResponseSink;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** One forwarded request. Confined to the exchange's event loop. */
final class Forwarding implements UpgradeReceiver {
  private final Exchange exchange;
  private final ResponseSink sink;
  private final UpstreamClient client;
  private final UpstreamRequest request;
  private final ForwardListener listener;
  private final boolean upgrade;
  private @Nullable UpstreamExchange upstream;
  private boolean headPassed;

  /** Whether the upstream's side is over. */
  private boolean done;

  /** Whether the client's side is. */
  private boolean gone;

  Forwarding(
      Exchange exchange,
      UpstreamClient client,
      UpstreamRequest request,
      ForwardListener listener,
      boolean upgrade) {
    this.exchange = exchange;
    sink = exchange.response();
    this.client = client;
    this.request = request;
    this.listener = listener;
    this.upgrade = upgrade;
  }

  void start() {
    sink.onClose(this::clientGone);
    if (gone) {
      return;
    }
    if (upgrade) {
      client.upgrade(request, this);
    } else {
      client.send(
          request.withBody(new UpstreamRequest.Body.Streamed(exchange.requestBody())), this);
    }
  }

  @Override
  public void begun(UpstreamExchange underWay) {
    upstream = underWay;
  }

  private void clientGone() {
    gone = true;
    if (!done && upstream != null) {
      done = true;
      upstream.cancel();
    }
  }

  @Override
  public void head(int status, Http2Headers headers) {
    if (status == 401 && !answeredByBackend(request.head())) {
      // Our own credentials were refused. The client's are fine, and it must not think otherwise.
      if (upstream != null) {
        upstream.cancel();
      }
      failed(UpstreamErrors.credentialsRefused(client.name()));
      return;
    }
    headers.remove(UpstreamHeaders.AUDIT_ID);
    listener.head(status, headers);
    headPassed = true;
    sink.head(status, headers);
  }

  /** Whether the answer may be that of a pod, service or node behind the API server. */
  private static boolean answeredByBackend(RequestHead head) {
    try {
      RequestInfo info = RequestInfoParser.parse(head, Query.parse(head.query()));
      return info.subresource().equals("proxy");
    } catch (ApiException malformed) {
      return false;
    }
  }

  @Override
  public void data(ByteBuf bytes) {
    int length = bytes.readableBytes();
    sink.write(
        bytes,
        () -> {
          if (upstream != null) {
            upstream.consumed(length);
          }
        });
  }

  @Override
  public void flush() {
    sink.flush();
  }

  @Override
  public void end(@Nullable Http2Headers trailers) {
    done = true;
    sink.end(trailers);
  }

  @Override
  public void failed(Throwable cause) {
    done = true;
    if (headPassed) {
      sink.reset();
    } else {
      listener.failed(
          cause instanceof ApiException error
              ? error
              : ApiException.internal("forwarding to " + client.name() + " failed", cause));
    }
  }

  @Override
  public void upgraded(Http2Headers headers, Channel channel) {
    done = true;
    Splice splice = Splice.begin(channel);
    if (gone) {
      splice.abandon();
      return;
    }
    headers.remove(UpstreamHeaders.AUDIT_ID);
    listener.head(101, headers);
    headPassed = true;
    sink.onClose(splice::abandon);
    sink.upgrade(headers, splice::join);
  }
}
