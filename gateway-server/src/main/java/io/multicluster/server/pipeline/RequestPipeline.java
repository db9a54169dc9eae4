package io.multicluster.server.pipeline;

import io.multicluster.server.audit.Auditor;
import io.multicluster.server.audit.StepTimes;
import io.multicluster.server.flowcontrol.FlowControl;
import io.multicluster.server.flowcontrol.FlowRequest;
import io.multicluster.server.metrics.RequestMetrics;
import io.multicluster.server.route.ErrorAnswer;
import io.multicluster.server.route.Route;
import io.multicluster.server.route.RoutedRequest;
import io.multicluster.server.route.Router;
import io.multicluster.server.transport.RequestHandler;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of a request, in the order in which a client sees what is wrong with it: {@link #run},
 * and {@link #proceed} once flow control has room for it, are the list of its steps.
 */
public final class RequestPipeline implements RequestHandler {
  private static final Logger LOG = LoggerFactory.getLogger(RequestPipeline.class);

  private final RequestMetrics metrics;
  private final Authenticate authenticate;
  private final Auditor audit;
  private final Impersonate impersonate;
  private final FlowControl flowControl;
  private final Authorize authorize;
  private final Router router;
  private final Executor threads;

  /**
   * @param threads runs each request that may have to wait; a virtual thread per task is meant
   */
  public RequestPipeline(
      RequestMetrics metrics,
      Authenticate authenticate,
      Auditor audit,
      Impersonate impersonate,
      FlowControl flowControl,
      Authorize authorize,
      Router router,
      Executor threads) {
    this.metrics = metrics;
    this.authenticate = authenticate;
    this.audit = audit;
    this.impersonate = impersonate;
    this.flowControl = flowControl;
    this.authorize = authorize;
    this.router = router;
    this.threads = threads;
  }

  /** What is known of a request before anybody was asked about it. */
  private record Arrival(PipelineExchange exchange, Query query, RequestInfo info, Route route) {}

  @Override
  public void handle(Exchange received) {
    PipelineExchange exchange = AuditId.assign(received);
    shielded(
        exchange,
        () -> {
          Query query = Query.parse(exchange.request().query());
          RequestInfo info = RequestInfoParser.parse(exchange.request(), query);
          metrics.begin(exchange.request(), exchange.response(), query, info, LongRunning.is(info));
          Arrival arrival = new Arrival(exchange, query, info, router.route(info));
          Deadline deadline = Deadline.of(query, info);
          UserInfo caller = mayStayOnTheLoop(arrival) ? callerNow(arrival) : null;
          Authorize.Answers known =
              caller == null ? null : authorize.answersNow(caller, info, query);
          if (caller != null && known != null) {
            run(arrival, caller, known);
          } else {
            threads.execute(() ->
                shielded(
                    exchange, () -> run(arrival, caller == null ? caller(arrival) : caller, null)));
          }
          deadline.start(exchange);
        });
  }

  /**
   * Whether no step has to wait for anybody, if caller and permission are known: then all run on
   * the event loop, which saves a hand-over, and else on a thread of their own. The steps are the
   * same either way.
   */
  private boolean mayStayOnTheLoop(Arrival arrival) {
    return arrival.route.neverBlocks(arrival.info)
        && !audit.mustWait(arrival.info)
        && !impersonate.isAsked(arrival.exchange);
  }

  /**
   * @param known whether the caller may, if that was found out already
   */
  private void run(Arrival arrival, UserInfo caller, Authorize.@Nullable Answers known) {
    PipelineExchange exchange = arrival.exchange;
    RequestInfo info = arrival.info;
    exchange.times().done(StepTimes.AUTHENTICATION);
    record(arrival, caller);
    UserInfo user = impersonate.user(exchange, info, arrival.query, caller);
    exchange.times().done(StepTimes.IMPERSONATION);
    boolean now =
        flowControl.enter(
            new FlowRequest(exchange, info, arrival.query, user, LongRunning.is(info)),
            exchange::put,
            () -> goOn(arrival, user, known != null),
            retryAfter -> ErrorAnswer.tooManyRequests(exchange, retryAfter));
    if (now) {
      proceed(arrival, user, known);
    }
  }

  /**
   * Takes up a request that had to wait for its seats. By now the permission may be gone.
   *
   * @param onTheLoop whether its steps ran there before
   */
  private void goOn(Arrival arrival, UserInfo user, boolean onTheLoop) {
    Executor where = onTheLoop ? arrival.exchange.eventLoop() : threads;
    where.execute(() ->
        shielded(
            arrival.exchange,
            () -> {
              Authorize.Answers known = authorize.answersNow(user, arrival.info, arrival.query);
              if (known == null && onTheLoop) {
                goOn(arrival, user, false);
              } else {
                proceed(arrival, user, known);
              }
            }));
  }

  /** The steps of a request that has its seats. */
  private void proceed(Arrival arrival, UserInfo user, Authorize.@Nullable Answers known) {
    PipelineExchange exchange = arrival.exchange;
    RequestInfo info = arrival.info;
    exchange.times().done(StepTimes.QUEUE);
    Authorize.Answers answers =
        known == null ? authorize.answers(user, info, arrival.query) : known;
    answers.check(exchange::authorized);
    exchange.times().done(StepTimes.AUTHORIZATION);
    exchange.awaitIntent();
    if (exchange.response().headSent()) {
      return; // The deadline was faster than the steps above: nothing may happen after its answer.
    }
    exchange.passedOn();
    arrival.route.answer(
        new RoutedRequest(exchange, arrival.query, info, user, exchange.annotations()));
  }

  /** May block. Failed attempts are recorded too. */
  private UserInfo caller(Arrival arrival) {
    try {
      return authenticate.caller(arrival.exchange, arrival.info);
    } catch (ApiException refused) {
      record(arrival, null);
      throw refused;
    }
  }

  /** Null if {@link #caller} has to be asked. */
  private @Nullable UserInfo callerNow(Arrival arrival) {
    try {
      return authenticate.callerNow(arrival.exchange, arrival.info);
    } catch (ApiException refused) {
      record(arrival, null);
      throw refused;
    }
  }

  private void record(Arrival arrival, @Nullable UserInfo caller) {
    PipelineExchange exchange = arrival.exchange;
    audit.begin(
        new Auditor.Begin(
            exchange.auditId(),
            exchange.request(),
            exchange.remoteAddress(),
            arrival.info,
            LongRunning.is(arrival.info),
            exchange.annotations(),
            exchange.times()),
        caller,
        exchange.recorded());
  }

  /** Whatever goes wrong inside becomes an answer; what nobody foresaw is logged. */
  private static void shielded(PipelineExchange exchange, Runnable steps) {
    try {
      steps.run();
    } catch (ApiException expected) {
      ErrorAnswer.send(exchange, expected.status());
    } catch (RuntimeException | StackOverflowError fault) {
      LOG.atError()
          .addKeyValue("auditID", exchange.auditId())
          .addKeyValue("method", exchange.request().method())
          .addKeyValue("path", exchange.request().path())
          .setCause(fault)
          .log("A request failed unexpectedly");
      ErrorAnswer.send(
          exchange, ApiException.internal("the gateway's log has the cause", fault).status());
    }
  }
}
