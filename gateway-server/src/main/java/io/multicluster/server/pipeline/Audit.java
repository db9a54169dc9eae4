package io.multicluster.server.pipeline;

import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Where a request's record begins and ends. There is no audit log yet: a line per request goes to
 * the program's log once the request is over, at level info for those that may change something and
 * debug for the others. Nothing is made durable.
 */
public final class Audit {
  private static final Logger LOG = LoggerFactory.getLogger("access");

  void begin(PipelineExchange exchange, RequestInfo info, UserInfo caller) {
    Level level = info.readOnly() ? Level.DEBUG : Level.INFO;
    if (!LOG.isEnabledForLevel(level)) {
      return;
    }
    long begun = System.nanoTime();
    exchange
        .response()
        .onClose(() ->
            LOG.atLevel(level)
                .addKeyValue("auditID", exchange.auditId())
                .addKeyValue("user", caller.name())
                .addKeyValue("verb", info.verb())
                .addKeyValue("path", exchange.request().path())
                .addKeyValue("status", exchange.response().status())
                .addKeyValue("micros", (System.nanoTime() - begun) / 1000)
                .log("request"));
  }
}
