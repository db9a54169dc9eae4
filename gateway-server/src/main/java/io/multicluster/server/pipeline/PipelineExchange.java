package io.multicluster.server.pipeline;

import io.multicluster.server.audit.AuditAnnotations;
import io.multicluster.wire.http.BodySource;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;

/** A request on its way through the pipeline: the transport's exchange with our own answer sink. */
final class PipelineExchange implements Exchange {
  private final Exchange received;
  private final String auditId;
  private final AnswerSink answer;
  private final AuditAnnotations annotations = new AuditAnnotations();

  PipelineExchange(Exchange received, String auditId) {
    this.received = received;
    this.auditId = auditId;
    this.answer = new AnswerSink(received.response(), auditId);
  }

  String auditId() {
    return auditId;
  }

  AuditAnnotations annotations() {
    return annotations;
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
    return received.requestBody();
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
