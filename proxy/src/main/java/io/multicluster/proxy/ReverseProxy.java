package io.multicluster.proxy;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * Passes exchanges on to upstreams, on behalf of their users. Bodies stream both ways in constant
 * memory: each side's credit is returned as the other side takes the bytes. Answers are passed on
 * as they come, with the upstream's status and headers; of those only {@code audit-id} is left out,
 * since the gateway gives every answer its own.
 */
public final class ReverseProxy {
  private ReverseProxy() {}

  /**
   * Forwards a request; returns at once, and never blocks. The request's headers are not changed.
   *
   * <p>Upgrades ({@code connection: upgrade} over HTTP/1.1) are recognised and spliced through.
   * When the client goes, the upstream's stream is reset at once, and the other way round.
   *
   * @param upstream shares the exchange's event loops
   * @param user whom the upstream impersonates
   * @param target escaped path and query below the upstream's own URL
   * @param headTimeout how long to wait for the answer's head; zero for ever
   * @throws ApiException 403 if the user can't be named in a header
   */
  public static void forward(
      Exchange exchange,
      UpstreamClient upstream,
      UserInfo user,
      String target,
      Duration headTimeout,
      ForwardListener listener) {
    boolean upgrade = asksForUpgrade(exchange);
    Http2Headers headers =
        UpstreamHeaders.of(exchange.request().headers(), user, exchange.remoteAddress(), upgrade);
    int query = target.indexOf('?');
    RequestHead head =
        new RequestHead(
            exchange.request().method(),
            query < 0 ? target : target.substring(0, query),
            query < 0 ? "" : target.substring(query + 1),
            headers);
    UpstreamRequest request =
        UpstreamRequest.of(head).withHeadTimeout(headTimeout).withEventLoop(exchange.eventLoop());
    Forwarding forwarding = new Forwarding(exchange, upstream, request, listener, upgrade);
    if (exchange.eventLoop().inEventLoop()) {
      forwarding.start();
    } else {
      exchange.eventLoop().execute(forwarding::start);
    }
  }

  /**
   * The headers with which a user's request goes to an upstream, for those who send it by {@link
   * UpstreamClient#call}.
   *
   * @throws ApiException 403 if the user can't be named in a header
   */
  public static Http2Headers headers(
      Http2Headers received, UserInfo user, InetSocketAddress client) {
    return UpstreamHeaders.of(received, user, client, false);
  }

  private static boolean asksForUpgrade(Exchange exchange) {
    Http2Headers headers = exchange.request().headers();
    if (exchange.http2() || !headers.contains(HttpHeaderNames.UPGRADE)) {
      return false;
    }
    return headers.getAll(HttpHeaderNames.CONNECTION).stream()
        .anyMatch(value -> AsciiString.containsIgnoreCase(value, HttpHeaderValues.UPGRADE));
  }
}
