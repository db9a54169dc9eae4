package io.multicluster.cache;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Brings events to watches without asking each watch: a watch enters the channel of the one value
 * that narrows it most (a name, a node, a label, a namespace …), an event goes to the channels of
 * the values that its object has or had.
 *
 * <p>Confined to the sequencer's thread where not said otherwise.
 */
final class WatchRegistry {
  private static final Index.Definition NAME =
      new Index.Definition("metadata.name", CachedObject::name);
  private static final Index.Definition NAMESPACE =
      new Index.Definition("metadata.namespace", CachedObject::namespace);
  private static final Index.Definition EVERYTHING = new Index.Definition("", object -> "");

  private final Sequencer sequencer;

  /** What channels there can be, the narrowest first. */
  private final List<Index.Definition> triggers;

  private final Map<Index.Definition, Map<String, WatchChannel>> channels = new LinkedHashMap<>();
  private final Set<WatchChannel> touched = new LinkedHashSet<>();
  private final Map<EventLoop, LoopWatches> loops = new ConcurrentHashMap<>();
  private long next;
  private volatile long published;

  /** The value that a watch is found by. */
  private record Trigger(Index.Definition definition, String value) {}

  /** A place in a channel, to be left with {@link #leave}. Immutable. */
  static final class Place {
    private final Trigger trigger;
    private final EventLoop loop;
    private final WatchGroup group;

    private Place(Trigger trigger, EventLoop loop, WatchGroup group) {
      this.trigger = trigger;
      this.loop = loop;
      this.group = group;
    }

    WatchGroup group() {
      return group;
    }
  }

  /** Before the sequencer starts. */
  WatchRegistry(Sequencer sequencer, KindIndexes indexes) {
    this.sequencer = sequencer;
    this.triggers = new ArrayList<>();
    triggers.add(NAME);
    List<Index.Definition> indexed = new ArrayList<>(indexes.definitions());
    indexed.remove(Index.Definition.CLUSTER);
    indexed.remove(Index.Definition.OWNER);
    triggers.addAll(indexed);
    triggers.add(NAMESPACE);
    triggers.add(Index.Definition.CLUSTER);
    this.published = sequencer.snapshot().resourceVersion();
    sequencer.onPublish(this::publish);
  }

  /** Everything up to this resourceVersion is in its channels. Any thread may ask. */
  long published() {
    return published;
  }

  /** The watches of an event loop. Any thread may ask. */
  LoopWatches watchesOf(EventLoop loop) {
    return loops.computeIfAbsent(loop, LoopWatches::new);
  }

  /** Any thread: ends all watches with a last bookmark, so that clients go on elsewhere. */
  void drain() {
    loops.values().forEach(LoopWatches::drain);
  }

  /** On any thread: finds a place for a watch, and tells it on its event loop. */
  void enter(Watch watch, EventLoop loop) {
    Trigger trigger = trigger(watch.filter());
    sequencer.submit(() -> {
      WatchChannel channel =
          channels
              .computeIfAbsent(trigger.definition, definition -> new HashMap<>())
              .computeIfAbsent(trigger.value, value -> new WatchChannel(next));
      Place place = new Place(trigger, loop, channel.enter(loop));
      // Behind the publication the log and the channel have the same end.
      sequencer.afterPublish(() -> {
        WatchChannel.Node node = channel.tail();
        long end = next;
        loop.execute(() -> watch.entered(place, node, end));
      });
    });
  }

  /** On any thread. */
  void leave(Place place) {
    sequencer.submit(() -> {
      Map<String, WatchChannel> sameKind = channels.get(place.trigger.definition);
      WatchChannel channel = sameKind == null ? null : sameKind.get(place.trigger.value);
      if (sameKind != null && channel != null && channel.leave(place.loop)) {
        sameKind.remove(place.trigger.value);
        if (sameKind.isEmpty()) {
          channels.remove(place.trigger.definition);
        }
      }
    });
  }

  private Trigger trigger(ObjectFilter filter) {
    for (Index.Definition definition : triggers) {
      String value = valueOf(filter, definition);
      if (value != null && !value.isEmpty()) {
        return new Trigger(definition, value);
      }
    }
    return new Trigger(EVERYTHING, "");
  }

  private static @Nullable String valueOf(ObjectFilter filter, Index.Definition definition) {
    if (definition.equals(NAME)) {
      return filter.onlyName();
    }
    return definition.equals(NAMESPACE) ? filter.onlyNamespace() : filter.onlyValue(definition);
  }

  private void publish() {
    EventLog events = sequencer.events();
    long end = events.end();
    for (; next < end; next++) {
      LogEntry entry = channels.isEmpty() ? null : events.get(next);
      if (entry != null) {
        long number = next;
        channels.forEach((definition, byValue) -> {
          append(definition, byValue, entry.before(), number, entry);
          append(definition, byValue, entry.after(), number, entry);
        });
      }
    }
    published = sequencer.snapshot().resourceVersion();
    touched.forEach(WatchChannel::wake);
    touched.clear();
  }

  private void append(
      Index.Definition definition,
      Map<String, WatchChannel> byValue,
      @Nullable CachedObject object,
      long number,
      LogEntry entry) {
    if (object != null) {
      String value = definition.value().apply(object);
      WatchChannel channel = value == null ? null : byValue.get(value);
      if (channel != null && channel.append(number, entry)) {
        touched.add(channel);
      }
    }
  }
}
