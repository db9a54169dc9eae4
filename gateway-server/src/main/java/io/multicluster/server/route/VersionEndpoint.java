package io.multicluster.server.route;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.server.discovery.DocumentSource;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * {@code /version}: the control plane's, since clients decide features by it, marked as ours in the
 * part that semantic versions leave for such marks.
 */
public final class VersionEndpoint implements OwnEndpoint {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final DocumentSource controlPlane;
  private volatile byte @Nullable [] document;

  public VersionEndpoint(DocumentSource controlPlane) {
    this.controlPlane = controlPlane;
  }

  /**
   * Reads it again; blocks.
   *
   * @throws ApiException if the control plane can't be reached; what was known stays
   */
  public void refresh() {
    DocumentSource.Document answer = controlPlane.get("/version", "application/json", null);
    if (answer.status() != 200) {
      throw ApiException.unavailable("GET /version answered " + answer.status(), 0);
    }
    try {
      document = marked(JSON.readTree(answer.body()));
    } catch (IOException e) {
      throw ApiException.internal("the control plane's version can't be read", e);
    }
  }

  private static byte[] marked(JsonNode version) throws JsonProcessingException {
    ObjectNode ours = (ObjectNode) version;
    String git = version.path("gitVersion").asText();
    ours.put("gitVersion", git + (git.contains("+") ? ".multicluster" : "+multicluster"));
    StringBuilder text = new StringBuilder("{");
    ours.properties()
        .forEach(field ->
            text.append(text.length() == 1 ? "\n" : ",\n")
                .append("  ")
                .append(new com.fasterxml.jackson.databind.node.TextNode(field.getKey()))
                .append(": ")
                .append(field.getValue()));
    return text.append("\n}").toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  @Override
  public boolean serves(RequestInfo info) {
    return info.path().equals("/version") || info.path().equals("/version/");
  }

  @Override
  public boolean neverBlocks(RequestInfo info) {
    return true;
  }

  @Override
  public void answer(RoutedRequest request) {
    if (!request.info().verb().equals("get")) {
      throw ApiException.methodNotAllowed();
    }
    byte[] body = document;
    if (body == null) {
      throw ApiException.unavailable("the control plane's version has not been read yet", 5);
    }
    request
        .exchange()
        .response()
        .head(
            200,
            new DefaultHttp2Headers()
                .set("content-type", "application/json")
                .setInt("content-length", body.length));
    request.exchange().response().write(Unpooled.wrappedBuffer(body));
    request.exchange().response().end(null);
  }
}
