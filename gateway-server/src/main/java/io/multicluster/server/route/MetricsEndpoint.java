package io.multicluster.server.route;

import io.multicluster.server.metrics.MetricSource;
import io.multicluster.server.metrics.MetricsText;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.util.List;

/** {@code /metrics}, for those who may get that path. */
public final class MetricsEndpoint implements OwnEndpoint {
  private final List<MetricSource> sources;

  public MetricsEndpoint(List<MetricSource> sources) {
    this.sources = List.copyOf(sources);
  }

  @Override
  public boolean serves(RequestInfo info) {
    return info.path().equals("/metrics");
  }

  /** A page takes a while to write: not on an event loop. */
  @Override
  public boolean neverBlocks(RequestInfo info) {
    return false;
  }

  @Override
  public void answer(RoutedRequest request) {
    if (!request.info().verb().equals("get")) {
      throw ApiException.methodNotAllowed();
    }
    MetricsText page = new MetricsText();
    sources.forEach(source -> source.write(page));
    byte[] body = page.bytes();
    request
        .exchange()
        .response()
        .head(
            200,
            new DefaultHttp2Headers()
                .set("content-type", MetricsText.CONTENT_TYPE)
                .setInt("content-length", body.length));
    request.exchange().response().write(Unpooled.wrappedBuffer(body));
    request.exchange().response().end(null);
  }
}
