package io.multicluster.server.pipeline;

import io.multicluster.authn.Decision;
import io.multicluster.server.audit.AuditAnnotations;
import io.multicluster.server.audit.AuditTrail;
import io.multicluster.server.audit.RecordedSink;
import io.multicluster.server.audit.StepTimes;
import io.multicluster.server.flowcontrol.Admitted;
import io.multicluster.server.route.ErrorAnswer;
import io.multicluster.wire.http.BodySource;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.user.UserInfo;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way through the pipeline: the transport's exchange with our own answer sink and
 * its record.
 */
final class PipelineExchange implements Exchange {
  private final Exchange received;
  private final AnswerHeaders everyAnswers;
  private final RecordedSink recorded;
  private final AnswerSink answer;
  private final StepTimes times = new StepTimes();
  private final AuditAnnotations annotations = new AuditAnnotations();

  PipelineExchange(Exchange received, String auditId) {
    this.received = received;
    this.everyAnswers = new AnswerHeaders(auditId);
    this.recorded =
        new RecordedSink(
            received.response(),
            received.eventLoop(),
            (sink, status) ->
                ErrorAnswer.send(received.request(), new AnswerSink(sink, everyAnswers), status));
    this.answer = new AnswerSink(recorded, everyAnswers);
  }

  String auditId() {
    return everyAnswers.auditId();
  }

  /** Flow control has put the request somewhere. */
  void put(Admitted where) {
    everyAnswers.put(where);
  }

  AuditAnnotations annotations() {
    return annotations;
  }

  StepTimes times() {
    return times;
  }

  /** The answer as its record sees it. */
  RecordedSink recorded() {
    return recorded;
  }

  /** Null before the record has begun, and for requests that the audit policy leaves out. */
  @Nullable AuditTrail trail() {
    return recorded.trail();
  }

  void impersonated(UserInfo user, String constraint) {
    AuditTrail trail = trail();
    if (trail != null) {
      trail.impersonated(user, constraint);
    }
  }

  /** Blocks until the record of a change is on disk; see {@link AuditTrail#awaitIntent}. */
  void awaitIntent() {
    AuditTrail trail = trail();
    if (trail != null) {
      trail.awaitIntent();
    }
  }

  /** From now on the request may have an effect. */
  void passedOn() {
    AuditTrail trail = trail();
    if (trail != null) {
      trail.passedOn();
    }
  }

  void authorized(Decision decision) {
    AuditTrail trail = trail();
    if (trail != null) {
      trail.authorized(decision);
    }
  }

  @Override
  public AnswerSink response() {
    return answer;
  }

  @Override
  public RequestHead request() {
    return received.request();
  }

  @Override
  public BodySource requestBody() {
    AuditTrail trail = trail();
    return trail == null ? received.requestBody() : trail.recording(received.requestBody());
  }

  @Override
  public EventLoop eventLoop() {
    return received.eventLoop();
  }

  @Override
  public boolean http2() {
    return received.http2();
  }

  @Override
  public List<X509Certificate> clientCertificates() {
    return received.clientCertificates();
  }

  @Override
  public InetSocketAddress remoteAddress() {
    return received.remoteAddress();
  }
}
