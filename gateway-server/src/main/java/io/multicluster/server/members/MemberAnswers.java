package io.multicluster.server.members;

import io.multicluster.cache.CachedKind;
import io.multicluster.cache.ClusterCache;
import io.multicluster.cache.WrittenObject;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.server.route.ErrorAnswer;
import io.multicluster.server.route.RoutedRequest;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.negotiate.Format;
import io.multicluster.wire.negotiate.Negotiator;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ObjectMeta;
import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.StatusDecoder;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes of a member's answer to a change the answer to the client: objects as a read of them would
 * show them, everything else as the member says it. What changed is in the cache by then.
 */
final class MemberAnswers {
  private static final Logger LOG = LoggerFactory.getLogger(MemberAnswers.class);

  private static final String METADATA_ONLY =
      Format.PROTOBUF.contentType() + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  private static final int MAX_METADATA = 4 * 1024 * 1024;
  private static final Duration LOOK_PATIENCE = Duration.ofSeconds(2);

  private final ClusterCache cache;

  MemberAnswers(ClusterCache cache) {
    this.cache = cache;
  }

  /** How a member is asked to answer. */
  enum Form {
    /** An object of the kind, to be shown as a read shows it. */
    PROTOBUF_OBJECT(Format.PROTOBUF.contentType()),
    JSON_OBJECT(Format.JSON.contentType()),
    /** Something else, such as a Status, in the client's own form. */
    AS_ASKED(null);

    private final @Nullable String accept;

    Form(@Nullable String accept) {
      this.accept = accept;
    }

    /** Null to leave it to the client. */
    @Nullable String accept() {
      return accept;
    }
  }

  /**
   * @throws ApiException 406 if the client wants an object in a form that there is not
   */
  Form form(RoutedRequest request, MemberTerms terms) {
    RequestInfo info = request.info();
    switch (info.subresource()) {
      case "", "status", "ephemeralcontainers", "resize" -> {}
      default -> {
        return Form.AS_ASKED;
      }
    }
    CachedKind kind = cache.kind(info.groupVersionResource());
    boolean protobuf = kind.encoding() == CachedKind.Encoding.PROTOBUF;
    Negotiator.object(request.exchange().request(), request.query(), protobuf);
    if (request.query().has("dryRun") && isAbsent(info, terms)) {
      // What would be created has no resourceVersion and is nowhere.
      return Form.AS_ASKED;
    }
    return protobuf ? Form.PROTOBUF_OBJECT : Form.JSON_OBJECT;
  }

  private boolean isAbsent(RequestInfo info, MemberTerms terms) {
    return info.name().isEmpty()
        || cache.json(info.groupVersionResource(), terms.cluster(), info.namespace(), info.name())
            == null;
  }

  /**
   * Answers the client. Blocks until the cache has what changed, about a second at most.
   *
   * @param before the cache's position before the change was sent
   */
  void pass(
      RoutedRequest request,
      MemberWrite write,
      UpstreamResponse answer,
      Form form,
      MemberTerms terms,
      long before) {
    Http2Headers headers = passedOn(answer.headers());
    boolean done = answer.status() / 100 == 2;
    if (done && form != Form.AS_ASKED) {
      WrittenObject written = written(write, answer.body(), before);
      if (written != null) {
        passObject(request, write, answer.status(), headers, written);
        return;
      }
    }
    if (done && !write.info().readOnly() && !write.query().has("dryRun")) {
      awaitUnnamedState(write);
    }
    if (done && form == Form.AS_ASKED) {
      passAsItIs(request.exchange(), answer, headers);
      return;
    }
    Status status = StatusDecoder.decode(answer.body());
    if (status != null) {
      Status ours =
          new Status(
              status.success(),
              terms.message(status.message()),
              status.reason(),
              status.code(),
              status.details(),
              status.continueToken());
      ErrorAnswer.send(request.exchange(), answer.status(), ours, headers);
    } else if (done && !write.info().readOnly()) {
      passMade(request, write, answer.status(), headers);
    } else {
      passAsItIs(request.exchange(), answer, headers);
    }
  }

  /**
   * The object in an answer; null if there is none, or none that can be read.
   *
   * @throws ApiException 500 if a read is answered with what can't be read
   */
  private @Nullable WrittenObject written(MemberWrite write, byte[] body, long before) {
    RequestInfo info = write.info();
    try {
      byte[] object = object(info, body);
      return object == null
          ? null
          : await(cache.written(info.groupVersionResource(), info.cluster(), object, before));
    } catch (MalformedProtoException e) {
      if (info.readOnly()) {
        throw ApiException.internal("what cluster " + info.cluster() + " answered is no object", e);
      }
      LOG.warn("What cluster {} answered to a change is no object", info.cluster(), e);
      return null;
    }
  }

  private void passObject(
      RoutedRequest request,
      MemberWrite write,
      int status,
      Http2Headers headers,
      WrittenObject written) {
    String cluster = write.info().cluster();
    if (!written.seen()) {
      headers.add(
          "warning",
          "299 - \"the change was made, but the watch of cluster "
              + cluster
              + " has not brought it yet: reads may still show the state before\"");
    }
    Exchange exchange = request.exchange();
    ErrorAnswer.shieldOnEventLoop(
        exchange,
        () ->
            cache.answer(
                exchange,
                request.query(),
                request.info(),
                status,
                headers,
                written,
                error -> ErrorAnswer.send(exchange, error.status())));
  }

  /** The object in an answer, without envelope; null if it is something else. */
  private byte @Nullable [] object(RequestInfo info, byte[] body) {
    String kind = cache.kind(info.groupVersionResource()).kind();
    if (Envelope.isEnveloped(body, 0, body.length)) {
      Envelope.Content content = Envelope.open(body, 0, body.length);
      return content.kind().equals(kind)
          ? Arrays.copyOfRange(body, content.rawStart(), content.rawEnd())
          : null;
    }
    return Json.isOfKind(body, kind) ? body : null;
  }

  /**
   * For an answer that can't be shown: a change that was made must not look like one that failed,
   * or it is made again.
   */
  private static void passMade(
      RoutedRequest request, MemberWrite write, int status, Http2Headers headers) {
    RequestInfo info = write.info();
    Status made =
        new Status(
            true,
            "the change was made, but what cluster " + info.cluster() + " answered is no object",
            "",
            status,
            new Status.Details(info.name(), info.group(), info.resource(), "", List.of(), 0),
            "");
    ErrorAnswer.send(request.exchange(), status, made, headers);
  }

  private static void passAsItIs(Exchange exchange, UpstreamResponse answer, Http2Headers headers) {
    CharSequence type = answer.headers().get("content-type");
    if (type != null) {
      headers.set("content-type", type);
    }
    headers.setInt("content-length", answer.body().length);
    exchange.response().head(answer.status(), headers);
    exchange.response().write(Unpooled.wrappedBuffer(answer.body()));
    exchange.response().end(null);
  }

  /** Without what describes a body that will be another, or is for one hop only. */
  private static Http2Headers passedOn(Http2Headers received) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    received.forEach(header -> {
      switch (header.getKey().toString()) {
        case "audit-id",
            "cache-control",
            "connection",
            "content-length",
            "content-type",
            "date",
            "keep-alive",
            "transfer-encoding" -> {}
        default -> headers.add(header.getKey(), header.getValue());
      }
    });
    return headers;
  }

  /**
   * After a change that was answered with a Status, such as an eviction: looks in which state the
   * object is now, and waits for that.
   */
  private void awaitUnnamedState(MemberWrite write) {
    RequestInfo info = write.info();
    if (info.name().isEmpty()) {
      return;
    }
    String path = write.head().path();
    if (!info.subresource().isEmpty()) {
      path = path.substring(0, path.lastIndexOf('/' + info.subresource()));
    }
    try {
      UpstreamResponse now =
          write
              .member()
              .call(
                  new RequestHead(
                      "GET", path, "", new DefaultHttp2Headers().set("accept", METADATA_ONLY)),
                  null,
                  MAX_METADATA,
                  LOOK_PATIENCE);
      if (now.status() == 404) {
        var _ =
            await(
                cache.gone(
                    info.groupVersionResource(), info.cluster(), info.namespace(), info.name()));
      } else if (now.status() == 200) {
        var _ =
            await(
                cache.minted(
                    info.groupVersionResource(),
                    info.cluster(),
                    info.namespace(),
                    info.name(),
                    resourceVersion(now.body())));
      }
    } catch (ApiException | MalformedProtoException | NumberFormatException e) {
      LOG.debug("{}: can't look at what a change has made", info.cluster(), e);
    }
  }

  private static long resourceVersion(byte[] body) {
    Envelope.Content content = Envelope.open(body, 0, body.length);
    return Long.parseLong(
        ObjectMeta.scan(body, content.rawStart(), content.rawEnd(), new StringPool(2))
            .resourceVersion());
  }

  private static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("the gateway is stopping", 0);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }
}
