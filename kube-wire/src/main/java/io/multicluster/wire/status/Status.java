package io.multicluster.wire.status;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Kubernetes {@code v1 Status}: the answer to everything that is not an object.
 *
 * @param success whether {@code status} is {@code Success}; otherwise it is {@code Failure}
 * @param message what a person reads; may be empty
 * @param reason machine-readable, such as {@code NotFound}; empty where kube-apiserver sends none
 * @param code the HTTP status, 100 to 599
 * @param details null where kube-apiserver leaves {@code details} out; {@link Details#EMPTY} is
 *     written as <code>{}</code>
 * @param continueToken {@code metadata.continue}, used by 410 answers to lists; empty if none
 */
public record Status(
    boolean success,
    String message,
    String reason,
    int code,
    @Nullable Details details,
    String continueToken) {

  /** {@code StatusDetails}; strings are empty when absent, {@code retryAfterSeconds} is 0. */
  public record Details(
      String name,
      String group,
      String kind,
      String uid,
      List<Cause> causes,
      int retryAfterSeconds) {
    public static final Details EMPTY = new Details("", "", "", "", List.of(), 0);

    public Details {
      causes = List.copyOf(causes);
    }

    public Details withRetryAfter(int seconds) {
      return new Details(name, group, kind, uid, causes, seconds);
    }
  }

  /** One {@code StatusCause}; empty strings are left out on the wire. */
  public record Cause(String reason, String message, String field) {}

  public static Status failure(int code, String reason, String message) {
    return new Status(false, message, reason, code, null, "");
  }

  public Status withDetails(Details newDetails) {
    return new Status(success, message, reason, code, newDetails, continueToken);
  }

  public Status withContinue(String token) {
    return new Status(success, message, reason, code, details, token);
  }

  /** Seconds for the {@code Retry-After} header; 0 where none is to be sent. */
  public int retryAfterSeconds() {
    return details == null ? 0 : details.retryAfterSeconds();
  }
}
