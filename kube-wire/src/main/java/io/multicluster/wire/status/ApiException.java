package io.multicluster.wire.status;

import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.Status.Cause;
import io.multicluster.wire.status.Status.Details;
import java.util.List;

/**
 * The one error that reaches clients. It is an expected end and therefore has no stack trace; what
 * went wrong inside, if anything, is its cause and goes to the log only.
 *
 * <p>The factories word the answers as kube-apiserver does.
 */
public final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Status status;

  public ApiException(Status status) {
    super(status.message(), null, false, false);
    this.status = status;
  }

  public ApiException(Status status, Throwable cause) {
    super(status.message(), cause, false, false);
    this.status = status;
  }

  public Status status() {
    return status;
  }

  public static ApiException badRequest(String message) {
    return new ApiException(Status.failure(400, "BadRequest", message));
  }

  public static ApiException unauthorized() {
    return new ApiException(Status.failure(401, "Unauthorized", "Unauthorized"));
  }

  /**
   * Somebody may not do something.
   *
   * @param resource with an empty plural for a path that is no resource
   * @param name empty if none
   */
  public static ApiException forbidden(GroupResource resource, String name, String why) {
    String subject =
        resource.resource().isEmpty()
            ? "forbidden: "
            : resource + (name.isEmpty() ? "" : " \"" + name + "\"") + " is forbidden: ";
    return new ApiException(
        Status.failure(403, "Forbidden", subject + why).withDetails(named(resource, name)));
  }

  /** An object that does not exist, e.g. {@code pods "web-0" not found}. */
  public static ApiException notFound(GroupResource resource, String name) {
    return new ApiException(
        Status.failure(404, "NotFound", resource + " \"" + name + "\" not found")
            .withDetails(named(resource, name)));
  }

  /** A path, kind or subresource that is not served. */
  public static ApiException noSuchResource() {
    return new ApiException(
        Status.failure(404, "NotFound", "the server could not find the requested resource")
            .withDetails(Details.EMPTY));
  }

  public static ApiException methodNotAllowed() {
    return new ApiException(
        Status.failure(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource")
            .withDetails(Details.EMPTY));
  }

  public static ApiException conflict(GroupResource resource, String name, String why) {
    return new ApiException(
        Status.failure(
                409,
                "Conflict",
                "Operation cannot be fulfilled on " + resource + " \"" + name + "\": " + why)
            .withDetails(named(resource, name)));
  }

  public static ApiException expired(String message) {
    return new ApiException(Status.failure(410, "Expired", message));
  }

  public static ApiException entityTooLarge(String message) {
    return new ApiException(
        Status.failure(413, "RequestEntityTooLarge", "Request entity too large: " + message));
  }

  /** One or more fields of {@code kind} are wrong: {@code Kind.group "name" is invalid: …}. */
  public static ApiException invalid(String group, String kind, String name, List<Cause> causes) {
    String qualified = group.isEmpty() ? kind : kind + "." + group;
    String text =
        causes.size() == 1
            ? line(causes.getFirst())
            : String.join(", ", causes.stream().map(ApiException::line).toList());
    return new ApiException(
        Status.failure(
                422,
                "Invalid",
                qualified
                    + " \""
                    + name
                    + "\" is invalid: "
                    + (causes.size() == 1 ? text : "[" + text + "]"))
            .withDetails(new Details(name, group, kind, "", causes, 0)));
  }

  public static ApiException tooManyRequests(String message, int retryAfterSeconds) {
    return new ApiException(
        Status.failure(429, "TooManyRequests", message)
            .withDetails(Details.EMPTY.withRetryAfter(retryAfterSeconds)));
  }

  /** Something is wrong on our side; the details stay in {@code cause} and in the log. */
  public static ApiException internal(String what, Throwable cause) {
    return new ApiException(
        Status.failure(500, "InternalError", "Internal error occurred: " + what)
            .withDetails(new Details("", "", "", "", List.of(new Cause("", what, "")), 0)),
        cause);
  }

  /** An upstream or a part of ours is not there. {@code retryAfterSeconds} 0: no such header. */
  public static ApiException unavailable(String message, int retryAfterSeconds) {
    Status status = Status.failure(503, "ServiceUnavailable", message);
    return new ApiException(
        retryAfterSeconds == 0
            ? status
            : status.withDetails(Details.EMPTY.withRetryAfter(retryAfterSeconds)));
  }

  public static ApiException timeout(String message) {
    return new ApiException(
        Status.failure(504, "Timeout", "Timeout: " + message).withDetails(Details.EMPTY));
  }

  /** KEP-3157: the client asks for a state that this server has not reached yet. */
  public static ApiException resourceVersionTooLarge(long wanted, long current) {
    String text = "Too large resource version";
    return new ApiException(
        Status.failure(504, "Timeout", "Timeout: " + text + ": " + wanted + ", current: " + current)
            .withDetails(
                new Details(
                    "", "", "", "", List.of(new Cause("ResourceVersionTooLarge", text, "")), 1)));
  }

  private static Details named(GroupResource resource, String name) {
    return new Details(name, resource.group(), resource.resource(), "", List.of(), 0);
  }

  private static String line(Cause cause) {
    return cause.field() + ": " + cause.message();
  }
}
