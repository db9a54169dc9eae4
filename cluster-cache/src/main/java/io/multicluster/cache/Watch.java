package io.multicluster.cache;

import io.multicluster.wire.proto.WatchEventType;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watch: a cursor, no thread. It goes through the initial state if that is wanted, then through
 * the log up to its end, then from event to event of its channel, always as far as its output takes
 * bytes. One that is slower than the log is ended: the client resumes from what it saw last.
 *
 * <p>Confined to its event loop.
 */
final class Watch {
  private static final Logger log = LoggerFactory.getLogger(Watch.class);

  private static final int CHUNK = 64 * 1024;
  private static final int SLACK = 32 * 1024;

  /** Entries of the log looked at in one turn of the event loop. */
  private static final int PORTION = 1024;

  private final KindCache cache;
  private final EventLoop loop;
  private final WatchOutput output;
  private final ObjectFilter filter;
  private final ObjectForm form;
  private final @Nullable Object sharing;
  private final WatchSchedule schedule;
  private Phase phase = new Waiting();
  private WatchRegistry.@Nullable Place place;
  private int groupPlace;
  private boolean ended;
  private boolean busy;

  /** Events up to this resourceVersion are not for this client. */
  private long notBefore;

  /** Everything up to here was sent, or was not for this client; 0 while that can't be said. */
  private long sent;

  // Between the log and the channel: where reading goes on, where it ends, and what is then there.
  private long resumeReading;
  private long readUntil = Long.MAX_VALUE;
  private WatchChannel.@Nullable Node reached;

  /** What the cursor stands on. */
  private sealed interface Phase {}

  /** Nothing to send yet: for the state that was asked for, or for a place in a channel. */
  private record Waiting() implements Phase {}

  /** The initial state. */
  private record Initial(Scan scan, long resourceVersion, boolean marked) implements Phase {}

  /**
   * The log.
   *
   * @param next number of the next entry
   */
  private record Reading(long next) implements Phase {}

  /** The channel, of which a node was reached. */
  private record Following(WatchChannel.Node node) implements Phase {}

  Watch(
      KindCache cache,
      EventLoop loop,
      WatchOutput output,
      ObjectFilter filter,
      ObjectForm form,
      WatchSchedule schedule) {
    this.cache = cache;
    this.loop = loop;
    this.output = output;
    this.filter = filter;
    this.form = form;
    this.sharing = form.sharing();
    this.schedule = schedule;
  }

  ObjectFilter filter() {
    return filter;
  }

  /** To be called once, before all that follows. */
  void open() {
    cache.watches().watchesOf(loop).add(this);
    output.onClose(this::close);
    output.onWritable(this::pump);
  }

  /**
   * Sends a state, then what changes it.
   *
   * @param marked whether a bookmark tells the end of the state
   */
  void startWith(Snapshot snapshot, boolean marked) {
    phase =
        new Initial(
            new Scan(snapshot, cache.indexes(), filter, new byte[0]),
            snapshot.resourceVersion(),
            marked);
    pump();
  }

  /** Sends what comes after a position; expired if that is too long ago. */
  void startAfter(long resourceVersion) {
    notBefore = resourceVersion;
    long next = cache.sequencer().events().after(resourceVersion);
    if (next < 0) {
      fail(tooOld(resourceVersion).status());
    } else {
      sent = resourceVersion;
      phase = new Reading(next);
      pump();
    }
  }

  ApiException tooOld(long resourceVersion) {
    return ApiException.expired(
        "too old resource version: "
            + resourceVersion
            + " ("
            + cache.sequencer().events().floor()
            + ")");
  }

  /** Ends with an ERROR event. */
  void fail(Status status) {
    if (!ended) {
      output.write(encoded(1024, frame -> form.error(frame, status)));
      end();
    }
  }

  /** The registry's answer to {@link WatchRegistry#enter}. */
  void entered(WatchRegistry.Place newPlace, WatchChannel.Node node, long end) {
    if (ended) {
      cache.watches().leave(newPlace);
      return;
    }
    place = newPlace;
    newPlace.group().add(this);
    readUntil = end;
    reached = node;
    phase = new Reading(resumeReading);
    pump();
  }

  int groupPlace() {
    return groupPlace;
  }

  void groupPlace(int newPlace) {
    groupPlace = newPlace;
  }

  /** Goes on as far as there is something to send and room for it. */
  void pump() {
    if (busy) {
      return; // The output became writable while being written to.
    }
    busy = true;
    try {
      int turns = 0;
      while (!ended && output.writable() && step()) {
        if (++turns == 8) {
          loop.execute(this::pump);
          break;
        }
      }
      if (!ended) {
        output.flush();
      }
    } catch (RuntimeException e) {
      log.atError().setCause(e).log("a watch failed");
      fail(ApiException.internal("the gateway's log has the cause", e).status());
    } finally {
      busy = false;
    }
  }

  /** One portion of work; false if there is nothing to do for now. */
  private boolean step() {
    return switch (phase) {
      case Waiting() -> false;
      case Initial initial -> sendInitial(initial);
      case Reading(long next) -> read(next);
      case Following(WatchChannel.Node node) -> follow(node);
    };
  }

  private boolean sendInitial(Initial initial) {
    ByteBuf chunk = encoded(CHUNK + SLACK, frames -> fill(frames, initial.scan));
    if (chunk.isReadable()) {
      output.write(chunk);
    } else {
      chunk.release();
    }
    if (initial.scan.done()) {
      if (initial.marked) {
        bookmark(new Bookmark(initial.resourceVersion, true));
      }
      startAfter(initial.resourceVersion);
    }
    return true;
  }

  private void fill(ByteBuf frames, Scan scan) {
    CachedObject object = scan.next();
    while (object != null) {
      form.event(frames, WatchEventType.ADDED, object, object.resourceVersion());
      if (!output.takesSeveral() || frames.readableBytes() >= CHUNK) {
        return;
      }
      object = scan.next();
    }
  }

  private boolean read(long start) {
    EventLog events = cache.sequencer().events();
    long next = start;
    long end = Math.min(events.end(), readUntil);
    for (int i = 0; i < PORTION && next < end && output.writable() && !ended; i++) {
      LogEntry entry = events.get(next);
      if (entry == null) {
        end(); // The log has gone on without us.
        return false;
      }
      next++;
      send(entry);
    }
    WatchChannel.Node node = reached;
    if (next < end) {
      phase = new Reading(next);
    } else if (node != null && next == readUntil) {
      phase = new Following(node);
    } else {
      phase = new Waiting();
      resumeReading = next;
      cache.watches().enter(this, loop);
    }
    return true;
  }

  private boolean follow(WatchChannel.Node start) {
    // Read first: what is published by now is in the channel.
    long published = cache.watches().published();
    WatchChannel.Node node = start;
    for (int i = 0; i < PORTION && output.writable() && !ended; i++) {
      WatchChannel.Node next = node.next();
      if (next == null) {
        phase = new Following(node);
        sent = Math.max(sent, published);
        return false;
      }
      node = next;
      send(node.entry());
    }
    phase = new Following(node);
    return true;
  }

  private void send(LogEntry entry) {
    if (entry.resourceVersion() <= notBefore) {
      return;
    }
    CachedObject before = entry.before();
    CachedObject after = entry.after();
    boolean was = before != null && filter.matches(before);
    boolean is = after != null && filter.matches(after);
    if (is && after != null) {
      write(entry, was ? WatchEventType.MODIFIED : WatchEventType.ADDED, after);
    } else if (was && before != null) {
      write(entry, WatchEventType.DELETED, before);
    }
    sent = entry.resourceVersion();
  }

  private void write(LogEntry entry, WatchEventType type, CachedObject object) {
    if (sharing != null) {
      output.write(cache.frames().frame(entry, type, object, form, sharing));
    } else {
      output.write(
          encoded(
              2 * object.size() + 1024,
              frame -> form.event(frame, type, object, entry.resourceVersion())));
    }
  }

  /** About once a second: bookmarks, the end of the client's time, slowness. */
  void tick() {
    if (ended) {
      return;
    }
    if (tooSlow()) {
      end();
      return;
    }
    switch (schedule.due()) {
      case NOTHING -> {}
      case BOOKMARK -> {
        if (output.writable()) {
          bookmark();
          output.flush();
        }
      }
      case END -> end();
    }
  }

  /** Whether what it has yet to send is gone from the log: it only keeps it from being freed. */
  private boolean tooSlow() {
    EventLog events = cache.sequencer().events();
    return switch (phase) {
      case Waiting() -> false;
      case Initial initial -> initial.resourceVersion < events.floor();
      case Reading(long next) -> next < events.first();
      case Following(WatchChannel.Node node) -> {
        WatchChannel.Node next = node.next();
        yield next != null && next.number() < events.first();
      }
    };
  }

  private void bookmark(Bookmark bookmark) {
    output.write(encoded(512, frame -> form.bookmark(frame, bookmark)));
  }

  /** A last word, so that the client resumes from here, and a clean end. */
  void drain() {
    bookmark();
    if (!ended) {
      end();
    }
  }

  /** Tells the client how far it has come, if it wants to know and that can be said. */
  private void bookmark() {
    if (schedule.bookmarks()) {
      pump();
      if (!ended && sent > 0) {
        bookmark(new Bookmark(sent, false));
      }
    }
  }

  private void end() {
    close();
    output.end();
  }

  private void close() {
    if (ended) {
      return;
    }
    ended = true;
    phase = new Waiting();
    cache.watches().watchesOf(loop).remove(this);
    WatchRegistry.Place left = place;
    if (left != null) {
      left.group().remove(this);
      cache.watches().leave(left);
    }
  }

  private static ByteBuf encoded(int expectedSize, Consumer<ByteBuf> encoder) {
    ByteBuf buffer = ByteBufAllocator.DEFAULT.directBuffer(expectedSize);
    try {
      encoder.accept(buffer);
      return buffer;
    } catch (RuntimeException e) {
      buffer.release();
      throw e;
    }
  }
}
