package io.multicluster.server.route;

import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * {@code /healthz}, {@code /livez} and {@code /readyz}, in all and check by check, in
 * kube-apiserver's words. What a failed check found is for the log: these paths are open to
 * everybody.
 */
public final class HealthEndpoints implements OwnEndpoint {
  private static final Set<String> ROOTS = Set.of("healthz", "livez", "readyz");

  private final List<Check> liveness;
  private final List<Check> readiness;

  /**
   * @param name as in {@code /readyz/NAME}
   * @param passes asked at each request, on the event loop: from memory
   */
  public record Check(String name, BooleanSupplier passes) {
    static final Check PING = new Check("ping", () -> true);
  }

  /**
   * @param readiness what must hold before clients are sent here
   */
  public HealthEndpoints(List<Check> readiness) {
    this.liveness = List.of(Check.PING);
    List<Check> all = new ArrayList<>(liveness);
    all.addAll(readiness);
    this.readiness = List.copyOf(all);
  }

  /** Whether a path is one of health: open to everybody, judged by nobody. */
  public static boolean isHealthPath(String path) {
    return path.equals("/healthz") || path.equals("/livez") || path.equals("/readyz");
  }

  @Override
  public boolean serves(RequestInfo info) {
    return ROOTS.contains(root(info.path()));
  }

  @Override
  public boolean neverBlocks(RequestInfo info) {
    return true;
  }

  @Override
  public void answer(RoutedRequest request) {
    String path = request.info().path();
    String root = root(path);
    List<Check> checks = root.equals("readyz") ? readiness : liveness;
    if (!request.info().verb().equals("get") && !request.info().verb().equals("head")) {
      throw ApiException.methodNotAllowed();
    }
    String single = path.length() > root.length() + 2 ? path.substring(root.length() + 2) : "";
    if (single.isEmpty()) {
      all(request, root, checks);
    } else {
      one(request, single, checks);
    }
  }

  private static void one(RoutedRequest request, String name, List<Check> checks) {
    for (Check check : checks) {
      if (check.name().equals(name)) {
        boolean passed = check.passes().getAsBoolean();
        send(
            request,
            passed ? 200 : 500,
            passed ? "ok" : "internal server error: " + name + " failed\n");
        return;
      }
    }
    throw ApiException.noSuchResource();
  }

  private static void all(RoutedRequest request, String root, List<Check> checks) {
    Set<String> excluded = new HashSet<>(request.query().all("exclude"));
    StringBuilder lines = new StringBuilder();
    boolean failed = false;
    for (Check check : checks) {
      if (excluded.remove(check.name())) {
        lines.append("[+]").append(check.name()).append(" excluded: ok\n");
      } else if (check.passes().getAsBoolean()) {
        lines.append("[+]").append(check.name()).append(" ok\n");
      } else {
        failed = true;
        lines.append("[-]").append(check.name()).append(" failed: reason withheld\n");
      }
    }
    if (!excluded.isEmpty()) {
      lines
          .append("warn: some health checks cannot be excluded: no matches for ")
          .append(String.join(", ", excluded.stream().sorted().map(n -> "\"" + n + "\"").toList()))
          .append('\n');
    }
    if (failed) {
      send(request, 500, lines + root + " check failed\n");
    } else if (request.query().has("verbose")) {
      send(request, 200, lines + root + " check passed\n");
    } else {
      send(request, 200, "ok");
    }
  }

  private static void send(RoutedRequest request, int status, String text) {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    Http2Headers headers =
        new DefaultHttp2Headers()
            .set("content-type", "text/plain; charset=utf-8")
            .set("x-content-type-options", "nosniff")
            .setInt("content-length", body.length);
    request.exchange().response().head(status, headers);
    request.exchange().response().write(Unpooled.wrappedBuffer(body));
    request.exchange().response().end(null);
  }

  private static String root(String path) {
    int end = path.indexOf('/', 1);
    return path.length() < 2 ? "" : path.substring(1, end < 0 ? path.length() : end);
  }
}
