package io.multicluster.server.pipeline;

import io.multicluster.wire.request.RequestInfo;

/** Requests that last as long as their client wants: no deadline, not in flow control. */
final class LongRunning {
  private LongRunning() {}

  static boolean is(RequestInfo info) {
    if (!info.resourceRequest()) {
      return false;
    }
    return switch (info.verb()) {
      case "watch", "proxy" -> true;
      default ->
          switch (info.subresource()) {
            case "attach", "exec", "proxy", "log", "portforward" -> true;
            default -> false;
          };
    };
  }
}
