package io.multicluster.server.flowcontrol;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.server.flowcontrol.SeatLending.Claim;
import io.multicluster.wire.http.ResponseSink;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * Kubernetes' API Priority and Fairness: puts each request into a priority level by the
 * FlowSchemas, and lets it run when the level has seats for it, fairly among the flows of the
 * level. Nobody waits in a thread: who has to wait goes on by a callback. Safe for use by any
 * thread.
 *
 * <p>Long-running requests take no seats; of those each user may have a bounded number.
 */
public final class FlowControl {
  /** As kube-apiserver: a quarter of the time that a request has. */
  private static final long LONGEST_WAIT_SECONDS = 15;

  private static final int OBJECTS_PER_SEAT = 100;
  private static final int WIDEST = 10;

  private final int totalSeats;
  private final int longRunningPerUser;
  private final ToLongFunction<RequestInfo> objects;
  private final LongSupplier nanoTime;
  private final CongestionWindow congestion;
  private final Map<String, Integer> longRunning = new ConcurrentHashMap<>();
  private volatile Levels levels;
  private volatile Set<String> onlyGroups = Set.of();

  private record Levels(FlowConfiguration configuration, Map<String, Level> byName) {}

  /**
   * Begins with Kubernetes' suggested configuration.
   *
   * @param totalSeats shared by all levels that are not exempt
   * @param longRunningPerUser watches, logs, sessions that a user may have open
   * @param objects how many objects a list would look at; 0 if unknown. From memory.
   */
  public FlowControl(int totalSeats, int longRunningPerUser, ToLongFunction<RequestInfo> objects) {
    this(totalSeats, longRunningPerUser, objects, FlowConfiguration.DEFAULT, System::nanoTime);
  }

  FlowControl(
      int totalSeats,
      int longRunningPerUser,
      ToLongFunction<RequestInfo> objects,
      FlowConfiguration configuration,
      LongSupplier nanoTime) {
    this.totalSeats = totalSeats;
    this.longRunningPerUser = longRunningPerUser;
    this.objects = objects;
    this.nanoTime = nanoTime;
    this.congestion =
        new CongestionWindow(Runtime.getRuntime().availableProcessors(), totalSeats, nanoTime);
    this.levels = new Levels(configuration, build(configuration, Map.of()));
  }

  /**
   * With the mandatory levels only: who is not exempt shares the seats, and is refused if there is
   * none free.
   */
  public static FlowControl withoutQueues(int totalSeats) {
    return new FlowControl(
        totalSeats, Integer.MAX_VALUE, _ -> 0, FlowConfiguration.MANDATORY, System::nanoTime);
  }

  /**
   * Takes over what the control plane has: a list of FlowSchemas and one of
   * PriorityLevelConfigurations. Requests in levels that did not change stay where they are.
   *
   * @throws IllegalArgumentException if an object makes no sense; nothing is changed then
   */
  public void configure(JsonNode schemas, JsonNode priorityLevels) {
    configure(FlowObjects.read(schemas, priorityLevels));
  }

  void configure(FlowConfiguration configuration) {
    Levels before = levels;
    if (!before.configuration.equals(configuration)) {
      levels = new Levels(configuration, build(configuration, before.byName));
    }
  }

  /** Refuses everybody but members of these groups and who is exempt; empty: nobody is refused. */
  public void allowOnly(Set<String> groups) {
    onlyGroups = Set.copyOf(groups);
  }

  private Map<String, Level> build(FlowConfiguration configuration, Map<String, Level> before) {
    long shares = 0;
    for (PriorityLevel level : configuration.levels().values()) {
      shares += level.shares();
    }
    Map<String, Level> built = new HashMap<>();
    for (PriorityLevel settings : configuration.levels().values()) {
      int nominal =
          shares == 0 ? 0 : (int) ((totalSeats * (long) settings.shares() + shares - 1) / shares);
      Level known = before.get(settings.name());
      if (known != null && known.accepts(settings)) {
        known.promise(nominal);
        built.put(settings.name(), known);
      } else {
        built.put(settings.name(), new Level(settings, nominal, congestion, nanoTime));
      }
    }
    return built;
  }

  /** Lets levels that need more seats borrow those of levels that need fewer. Every ten seconds. */
  public void lend() {
    List<Level> limited = new ArrayList<>();
    List<Claim> claims = new ArrayList<>();
    for (Level level : levels.byName.values()) {
      if (!level.settings().exempt()) {
        limited.add(level);
        claims.add(level.claim());
      }
    }
    int[] seats = SeatLending.allocate(claims);
    for (int i = 0; i < seats.length; i++) {
      limited.get(i).resize(seats[i]);
    }
  }

  /**
   * Lets busy flows have more or fewer requests under way, by what the processors can do. Five
   * times a second.
   *
   * @param load the part of the processors' time that was in use since the last call, 0 to 1
   */
  public void adapt(double load) {
    congestion.adapt(load);
    levels.byName.values().forEach(Level::age);
  }

  /**
   * Lets a request run now, or later, or refuses it. Never blocks.
   *
   * @param put hears where the request belongs, before anything else happens
   * @param later runs if the request had to wait and may go on now, in the thread of somebody who
   *     made room; must not block
   * @param refused gets the seconds after which to try again, if there is no room; must not block
   * @return whether the request may go on at once; if not, one of the two callbacks runs
   * @throws ApiException 429 or 503 if the request is refused by a rule of ours
   */
  public boolean enter(
      FlowRequest request, Consumer<Admitted> put, Runnable later, IntConsumer refused) {
    Levels now = levels;
    FlowSchema schema = classify(now.configuration, request.user(), request.info());
    Level level = now.byName.get(schema.level());
    if (level == null) {
      throw new IllegalStateException("schema " + schema.name() + " has no level");
    }
    put.accept(new Admitted(schema.uid(), level.settings().uid()));
    if (level.settings().exempt()) {
      return true;
    }
    checkEmergency(request.user());
    if (request.longRunning()) {
      holdOpen(request);
      return true;
    }
    Runnable giveUp = () -> refused.accept(level.retryAfterSeconds());
    Ticket ticket = new Ticket(seats(request, level), later, giveUp);
    Level.Entry entry =
        level.enter(
            ticket,
            ShuffleSharding.hash(schema.name(), schema.flow(request.user(), request.info())));
    ResponseSink answer = request.exchange().response();
    EventExecutor eventLoop = request.exchange().eventLoop();
    switch (entry) {
      case NOW -> answer.onClose(() -> exit(level, ticket, eventLoop));
      case LATER -> {
        ScheduledFuture<?> alarm =
            eventLoop.schedule(() -> level.giveUp(ticket), LONGEST_WAIT_SECONDS, TimeUnit.SECONDS);
        answer.onClose(() -> {
          alarm.cancel(false);
          exit(level, ticket, eventLoop);
        });
      }
      case REFUSED -> giveUp.run();
    }
    return entry == Level.Entry.NOW;
  }

  private static void exit(Level level, Ticket ticket, EventExecutor eventLoop) {
    long rest = level.exit(ticket);
    if (rest > 0 && !eventLoop.isShuttingDown()) {
      eventLoop.schedule(level::dispatch, rest, TimeUnit.NANOSECONDS);
    }
  }

  private static FlowSchema classify(
      FlowConfiguration configuration, UserInfo user, RequestInfo info) {
    for (FlowSchema schema : configuration.schemas()) {
      if (schema.matches(user, info)) {
        return schema;
      }
    }
    // Somebody changed catch-all, or has no groups: it takes them all the same.
    return configuration.schemas().getLast();
  }

  private void checkEmergency(UserInfo user) {
    Set<String> groups = onlyGroups;
    if (!groups.isEmpty() && user.groups().stream().noneMatch(groups::contains)) {
      throw ApiException.unavailable(
          "the gateway serves only members of " + String.join(", ", groups) + " for the moment",
          30);
    }
  }

  private void holdOpen(FlowRequest request) {
    String user = request.user().name();
    if (longRunning.merge(user, 1, Integer::sum) > longRunningPerUser) {
      release(user);
      throw ApiException.tooManyRequests(
          "user \""
              + user
              + "\" has "
              + longRunningPerUser
              + " watches, logs and sessions open, which is the most",
          10);
    }
    request.exchange().response().onClose(() -> release(user));
  }

  private void release(String user) {
    longRunning.computeIfPresent(user, (_, open) -> open == 1 ? null : open - 1);
  }

  /** Lists take seats by what they look at; everything else takes one. */
  private int seats(FlowRequest request, Level level) {
    RequestInfo info = request.info();
    if (!info.verb().equals("list") || !info.name().isEmpty()) {
      return 1;
    }
    long count = objects.applyAsLong(info);
    long limit = limit(request.query().get("limit"));
    long looked = limit > 0 ? Math.min(limit, count) : count;
    long wanted = Math.min(WIDEST, (looked + OBJECTS_PER_SEAT - 1) / OBJECTS_PER_SEAT);
    return (int) Math.max(1, Math.min(wanted, level.widest()));
  }

  private static long limit(String text) {
    try {
      return text.isEmpty() ? 0 : Long.parseLong(text);
    } catch (NumberFormatException unreadable) {
      return 0; // Whoever reads the options says so.
    }
  }

  /** Seats in use at a level; for tests. */
  int running(String level) {
    Level there = levels.byName.get(level);
    return there == null ? 0 : there.seatsRunning();
  }
}
