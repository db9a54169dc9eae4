package io.multicluster.proxy;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.Status.Details;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.proxy.ProxyConnectException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told when an upstream fails, in kube-apiserver's words.
 *
 * <ul>
 *   <li>503: the request was certainly not carried out, so coming back is safe whatever its verb
 *       and {@code Retry-After} says when.
 *   <li>502: it went out and the connection broke: it may have been carried out. Clients repeat
 *       every verb on {@code Retry-After}, so only those that change nothing get one.
 *   <li>504: it went out and no answer came in time; the same holds, and no {@code Retry-After}.
 * </ul>
 */
final class UpstreamErrors {
  private static final String PREFIX = "error trying to reach service: ";

  private UpstreamErrors() {}

  /** No connection could be made. */
  static ApiException unreachable(String what, int retryAfterSeconds, @Nullable Throwable cause) {
    return exception(503, "ServiceUnavailable", PREFIX + what, retryAfterSeconds, cause);
  }

  /** The request was sent, and the connection or stream broke before an answer. */
  static ApiException broken(String what, boolean safeToRepeat, @Nullable Throwable cause) {
    return exception(502, "InternalError", PREFIX + what, safeToRepeat ? 1 : 0, cause);
  }

  static ApiException noAnswer() {
    return ApiException.timeout(
        "request did not complete within requested timeout - context deadline exceeded");
  }

  /** The upstream says 401 to the gateway's credentials, which is not the client's fault. */
  static ApiException credentialsRefused(String name) {
    return exception(
        503, "ServiceUnavailable", PREFIX + name + " refused the gateway's credentials", 0, null);
  }

  private static ApiException exception(
      int code, String reason, String message, int retryAfterSeconds, @Nullable Throwable cause) {
    Status status = Status.failure(code, reason, message);
    if (retryAfterSeconds > 0) {
      status = status.withDetails(Details.EMPTY.withRetryAfter(retryAfterSeconds));
    }
    return cause == null ? new ApiException(status) : new ApiException(status, cause);
  }

  /**
   * Words an attempt to connect that failed.
   *
   * @param address {@code host:port}; the name alone if it could not be resolved
   */
  static String dialing(String address, Throwable cause) {
    Throwable proxy = causeOf(cause, ProxyConnectException.class);
    if (proxy != null) {
      return "proxyconnect tcp: " + proxy.getMessage();
    }
    return switch (cause) {
      case UnknownHostException e -> "dial tcp: lookup " + address + ": no such host";
      case ConnectTimeoutException e -> "dial tcp " + address + ": i/o timeout";
      case SslHandshakeTimeoutException e -> "net/http: TLS handshake timeout";
      case NoRouteToHostException e -> "dial tcp " + address + ": connect: no route to host";
      case ConnectException e ->
          String.valueOf(e.getMessage()).contains("refused")
              ? "dial tcp " + address + ": connect: connection refused"
              : "dial tcp " + address + ": " + e.getMessage();
      case SSLException e -> {
        Throwable untrusted = causeOf(e, CertificateException.class);
        yield untrusted == null
            ? "tls: " + e.getMessage()
            : "tls: failed to verify certificate: x509: " + untrusted.getMessage();
      }
      default -> "dial tcp " + address + ": " + reading(cause);
    };
  }

  /** Words the loss of an established connection. */
  static String reading(Throwable cause) {
    if (cause instanceof ClosedChannelException) {
      return "EOF";
    }
    String message = cause.getMessage();
    if (message == null) {
      return cause.getClass().getSimpleName();
    }
    // Netty's native transport names its own function and error number before the reason.
    if (message.contains("Connection reset")) {
      return "read: connection reset by peer";
    }
    return message.contains("Broken pipe") ? "write: broken pipe" : message;
  }

  /** Words a RST_STREAM. */
  static String reset(int streamId, long code) {
    Http2Error error = Http2Error.valueOf(code);
    return "stream error: stream ID "
        + streamId
        + "; "
        + (error == null ? "unknown error code " + code : error.name())
        + "; received from peer";
  }

  private static @Nullable Throwable causeOf(Throwable of, Class<? extends Throwable> type) {
    Throwable cause = of;
    // Bounded: a chain of causes may have a cycle.
    for (int depth = 0; cause != null && depth < 16; depth++) {
      if (type.isInstance(cause)) {
        return cause;
      }
      cause = cause.getCause();
    }
    return null;
  }
}
