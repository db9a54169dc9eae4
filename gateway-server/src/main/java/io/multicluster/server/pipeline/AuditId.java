package io.multicluster.server.pipeline;

import io.multicluster.wire.http.Exchange;
import io.netty.util.AsciiString;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The first step: each request has an audit ID, the client's own if it sent one. It is on every
 * answer, and goes along to the upstreams, so that all logs tie together.
 */
final class AuditId {
  static final AsciiString HEADER = AsciiString.cached("audit-id");

  private AuditId() {}

  static PipelineExchange assign(Exchange received) {
    String id = received.request().header(HEADER);
    if (id == null || id.isEmpty()) {
      // Unique is enough, nobody must be unable to guess it; a secure one costs a hundred times
      // more.
      ThreadLocalRandom random = ThreadLocalRandom.current();
      id =
          new UUID(
                  (random.nextLong() & 0xffff_ffff_ffff_0fffL) | 0x4000L,
                  (random.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L)
              .toString();
      received.request().headers().set(HEADER, id);
    }
    return new PipelineExchange(received, id);
  }
}
