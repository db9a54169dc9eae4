package io.multicluster.server.audit;

import io.multicluster.server.audit.AuditPolicy.Verdict;
import io.multicluster.server.audit.AuditTrail.Kind;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Begins the records of requests. Safe for use by any thread. */
public final class Auditor {
  private final AuditPolicy policy;
  private final EventSink sink;
  private final int maxBodyBytes;

  /**
   * @param maxBodyBytes of a body that is recorded; longer ones are left out
   */
  public Auditor(AuditPolicy policy, AuditLog log, int maxBodyBytes) {
    this(policy, (EventSink) log, maxBodyBytes);
  }

  Auditor(AuditPolicy policy, EventSink sink, int maxBodyBytes) {
    this.policy = policy;
    this.sink = sink;
    this.maxBodyBytes = maxBodyBytes;
  }

  /** One that records nothing. */
  public static Auditor silent() {
    return new Auditor(AuditPolicy.DEFAULT, (_, _) -> CompletableFuture.completedFuture(null), 0);
  }

  /** Whether the record of a request has to be waited for before it may run. */
  public boolean mustWait(RequestInfo info) {
    return changes(info);
  }

  /** What is known of a request when its record begins. */
  public record Begin(
      String auditId,
      RequestHead head,
      InetSocketAddress peer,
      RequestInfo info,
      boolean longRunning,
      AuditAnnotations annotations,
      StepTimes times) {}

  /**
   * Begins a record; its first event is on its way then.
   *
   * @param caller before impersonation; null if authentication failed, and nothing will be done
   * @param answer where the request's answer goes
   */
  public void begin(Begin request, @Nullable UserInfo caller, RecordedSink answer) {
    Verdict verdict = policy.evaluate(caller, request.info);
    if (verdict.level() == Level.NONE) {
      return;
    }
    boolean change = caller != null && changes(request.info);
    String type = request.head.header("content-type");
    AuditTrail trail =
        new AuditTrail(
            sink,
            verdict,
            AuditedRequest.of(request.auditId, request.head, request.peer, request.info, caller),
            request.annotations,
            request.times,
            change
                ? request.longRunning ? Kind.SESSION : Kind.CHANGE
                : request.longRunning ? Kind.STREAM : Kind.READ,
            type == null ? "" : type,
            maxBodyBytes);
    trail.received();
    answer.begin(trail);
  }

  /** Questions about permissions are asked by a create that makes nothing. */
  private static boolean changes(RequestInfo info) {
    return !info.readOnly()
        && !info.group().equals("authorization.k8s.io")
        && !info.resource().equals("selfsubjectreviews");
  }
}
