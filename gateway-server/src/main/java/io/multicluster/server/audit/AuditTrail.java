package io.multicluster.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.authn.Decision;
import io.multicluster.server.audit.AuditPolicy.Verdict;
import io.multicluster.server.audit.EventJson.Answer;
import io.multicluster.server.audit.EventJson.Identity;
import io.multicluster.server.audit.EventJson.Parts;
import io.multicluster.wire.http.BodySource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The record of one request, from its intent to its outcome. A change is atomic with it: {@link
 * #awaitIntent} returns once the intent is on disk, and {@link RecordedSink} keeps the answer back
 * until the outcome is.
 *
 * <p>One thread at a time, as the request has it.
 */
public final class AuditTrail {
  /** What became of a change that nobody could watch to its end. */
  static final String OUTCOME = "audit.multicluster.io/outcome";

  private static final String RULE = "audit.multicluster.io/policy-rule";
  private static final String TRUNCATED = "audit.k8s.io/truncated";
  private static final String DECISION = "authorization.k8s.io/decision";
  private static final String REASON = "authorization.k8s.io/reason";

  /** kube-apiserver tells the latency of requests that took longer. */
  private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** Long enough for a disk that stalls, shorter than any client's own patience. */
  private static final long INTENT_SECONDS = 10;

  private final EventSink sink;
  private final Verdict verdict;
  private final AuditedRequest request;
  private final AuditAnnotations annotations;
  private final StepTimes times;
  private final boolean change;
  private final boolean longRunning;
  private final @Nullable RecordedBody requestBody;
  private final @Nullable RecordedBody answerBody;
  private final String requestType;
  private volatile @Nullable UserInfo impersonated;
  private volatile String constraint = "";
  private @Nullable CompletableFuture<@Nullable Void> intent;
  private volatile boolean passedOn;

  AuditTrail(
      EventSink sink,
      Verdict verdict,
      AuditedRequest request,
      AuditAnnotations annotations,
      StepTimes times,
      Kind kind,
      String requestType,
      int maxBodyBytes) {
    this.sink = sink;
    this.verdict = verdict;
    this.request = request;
    this.annotations = annotations;
    this.times = times;
    this.change = kind == Kind.CHANGE || kind == Kind.SESSION;
    this.longRunning = kind == Kind.SESSION || kind == Kind.STREAM;
    this.requestType = requestType;
    boolean resource = request.info().resourceRequest();
    this.requestBody =
        resource && change && verdict.level().compareTo(Level.REQUEST) >= 0
            ? new RecordedBody(maxBodyBytes)
            : null;
    this.answerBody =
        !longRunning && (change || (resource && verdict.level() == Level.REQUEST_RESPONSE))
            ? new RecordedBody(maxBodyBytes)
            : null;
  }

  /** How a request lives. */
  enum Kind {
    READ,
    CHANGE,
    /** A read that lasts: a watch, a log. */
    STREAM,
    /** A long-running request that may change something: exec, a proxied POST. */
    SESSION
  }

  /** Writes the event of the first stage, for a change whether the policy omits it or not. */
  void received() {
    if (change) {
      intent = sink.append(line(Stage.REQUEST_RECEIVED, null, null, Identity.NONE), Urgency.INTENT);
    } else if (!verdict.omitStages().contains(Stage.REQUEST_RECEIVED)) {
      note(line(Stage.REQUEST_RECEIVED, null, null, Identity.NONE));
    }
  }

  /**
   * Whom the request is made as.
   *
   * @param mode the constrained mode that allowed it; empty for plain impersonation
   */
  public void impersonated(UserInfo user, String mode) {
    impersonated = user;
    constraint = mode;
  }

  /** What the authorizer said. */
  public void authorized(Decision decision) {
    annotations.put(DECISION, decision.allowed() ? "allow" : "forbid");
    annotations.put(REASON, decision.reason());
  }

  /**
   * Blocks until the intent of a change is on disk; does nothing for other requests.
   *
   * @throws ApiException 503 if it can't be written: the change must not be made
   */
  public void awaitIntent() {
    if (intent == null) {
      return;
    }
    try {
      intent.get(INTENT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new ApiException(
          ApiException.unavailable(
                  "the audit log can't be written: no change is made until it can", 1)
              .status(),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("the gateway is stopping", 1);
    }
    times.done(StepTimes.INTENT);
  }

  /** From now on the request may have an effect. */
  public void passedOn() {
    passedOn = true;
  }

  /** The request's body, to be copied on its way where the policy wants it recorded. */
  public BodySource recording(BodySource source) {
    return requestBody == null ? source : new RecordingSource(source, requestBody);
  }

  /** Takes a copy of the answer's body; null if nothing in it would be told. */
  @Nullable RecordedBody answerBody(int status) {
    return tellsAnswer(status) ? answerBody : null;
  }

  private boolean tellsAnswer(int status) {
    return status >= 400
        || verdict.level() == Level.REQUEST_RESPONSE
        || request.info().verb().equals("create")
        || request.info().verb().equals("delete");
  }

  /** Whether the answer waits for the outcome to be on disk. */
  boolean holdsAnswer() {
    return change && !longRunning;
  }

  /** The head of a long-running request's answer goes out. */
  void started(int status) {
    if (longRunning && (change || !verdict.omitStages().contains(Stage.RESPONSE_STARTED))) {
      byte[] line = line(Stage.RESPONSE_STARTED, new Answer(status, null, ""), null, Identity.NONE);
      // It closes the intent of a session, which may go on for days.
      sink.append(line, change ? Urgency.OUTCOME : Urgency.NOTE);
    }
  }

  /**
   * Writes the event of the last stage.
   *
   * @param status what the client is told; 0 if it went away before
   * @param contentType of the answer
   * @param readable whether the copy of the answer is that of plain, whole content
   * @param certain whether the answer tells for sure if the change was made
   * @return completes when a change's outcome is on disk; at once for other requests, and for a
   *     change whose intent was refused: nothing can have come of it
   */
  CompletableFuture<@Nullable Void> completed(
      int status, String contentType, boolean readable, boolean certain) {
    JsonNode object = answerObject(status, contentType, readable);
    JsonNode told = object != null && RecordedObject.isStatus(object) ? object : null;
    if (change && passedOn && !certain) {
      annotations.put(OUTCOME, "unknown");
    }
    if (change || times.total() > SLOW_NANOS) {
      times.tell(annotations);
    }
    Answer answer =
        status == 0
            ? new Answer(499, null, "the client went away before it was answered")
            : new Answer(status, told, "");
    if (change && !intentRefused()) {
      Identity identity =
          object != null && told == null && status < 300 ? Identity.of(object) : Identity.NONE;
      return sink.append(
          line(Stage.RESPONSE_COMPLETE, answer, shown(object), identity), Urgency.OUTCOME);
    }
    if (change || !verdict.omitStages().contains(Stage.RESPONSE_COMPLETE)) {
      note(line(Stage.RESPONSE_COMPLETE, answer, shown(object), Identity.NONE));
    }
    return CompletableFuture.completedFuture(null);
  }

  /**
   * Whether the log could not take the intent. Outcomes are owed until the disk is back; those of
   * all who are refused meanwhile would be without bound.
   */
  private boolean intentRefused() {
    return intent != null && intent.isCompletedExceptionally();
  }

  private void note(byte[] line) {
    sink.append(line, Urgency.NOTE);
  }

  private @Nullable JsonNode answerObject(int status, String contentType, boolean readable) {
    return answerBody != null && readable && tellsAnswer(status)
        ? RecordedObject.read(answerBody.bytes(), contentType)
        : null;
  }

  private @Nullable JsonNode shown(@Nullable JsonNode object) {
    if (object == null
        || verdict.level() != Level.REQUEST_RESPONSE
        || !request.info().resourceRequest()) {
      return null;
    }
    if (verdict.omitManagedFields()) {
      RecordedObject.dropManagedFields(object);
    }
    return object;
  }

  private byte[] line(
      Stage stage, @Nullable Answer answer, @Nullable JsonNode responseObject, Identity identity) {
    JsonNode requestObject = null;
    if (stage != Stage.REQUEST_RECEIVED && requestBody != null) {
      requestObject = RecordedObject.read(requestBody.bytes(), requestType);
      if (requestObject != null && verdict.omitManagedFields()) {
        RecordedObject.dropManagedFields(requestObject);
      }
    }
    boolean cut =
        (requestBody != null && requestBody.truncated())
            || (answerBody != null
                && verdict.level() == Level.REQUEST_RESPONSE
                && answerBody.truncated());
    if (cut) {
      annotations.put(TRUNCATED, "true");
    }
    annotations.put(RULE, "rules[" + verdict.rule() + "]");
    Map<String, String> told = annotations.values();
    return EventJson.line(
        request,
        new Parts(
            verdict.level(),
            stage,
            impersonated,
            constraint,
            identity,
            answer,
            requestObject,
            responseObject,
            told));
  }
}
