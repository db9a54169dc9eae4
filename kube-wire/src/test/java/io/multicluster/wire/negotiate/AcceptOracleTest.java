package io.multicluster.wire.negotiate;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.oracle.JsonLines;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Compares with what apiserver 0.36 chooses for the same headers. */
class AcceptOracleTest {
  @Test
  void anyAcceptHeaderIsUnderstoodAsByKubeApiserver() {
    for (Map<String, @Nullable Object> line :
        JsonLines.read(AcceptOracleTest.class, "accept.jsonl")) {
      String accept = String.valueOf(line.get("accept"));
      assertThat(chosen(accept)).as(accept).isEqualTo(expected(line));
    }
  }

  private static String chosen(String accept) {
    RequestHead head =
        new RequestHead("GET", "/", "", new DefaultHttp2Headers(false).add("accept", accept));
    Negotiated negotiated;
    try {
      negotiated = Negotiator.object(head, Query.EMPTY, true);
    } catch (ApiException e) {
      if (!e.status().message().contains("is not a list")) {
        return "none";
      }
      negotiated = Negotiator.list(head, Query.EMPTY, true);
    }
    Transform transform = negotiated.transform();
    return negotiated.format().contentType()
        + (transform == Transform.NONE ? "" : " " + transform.version() + " " + transform.kind())
        + (negotiated.pretty() ? " pretty" : "");
  }

  private static String expected(Map<String, @Nullable Object> line) {
    if (!line.containsKey("type")) {
      return "none";
    }
    // There is no indented form of the others, so kube-apiserver notes the wish and ignores it.
    boolean pretty = line.containsKey("pretty") && "application/json".equals(line.get("type"));
    return line.get("type")
        + (line.containsKey("transform") ? " " + line.get("transform") : "")
        + (pretty ? " pretty" : "");
  }
}
