package io.multicluster.cache;

import io.multicluster.wire.proto.MalformedProtoException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads back what {@link Journal} wrote: the oldest checkpoint from which there is a way to the
 * end, and the logs on that way, each of which must begin where the one before ends. Of a log that
 * is damaged, or that nobody had the time to end, counts what is sound.
 */
final class Recovery {
  private static final Logger log = LoggerFactory.getLogger(Recovery.class);

  private final StateFiles files;
  private final String about;
  private final CachedKind kind;
  private final KindIndexes indexes;
  private final Templates templates;

  /**
   * @param about what the files must say they are about
   * @param templates takes what is found
   */
  Recovery(
      StateFiles files, String about, CachedKind kind, KindIndexes indexes, Templates templates) {
    this.files = files;
    this.about = about;
    this.kind = kind;
    this.indexes = indexes;
    this.templates = templates;
  }

  /** Null if there is nothing, or nothing that can be used. */
  @Nullable Recovered read() throws IOException {
    long last = files.last();
    for (long generation : files.checkpoints()) {
      try {
        return new Attempt().read(generation, last);
      } catch (IOException
          | MalformedProtoException
          | BufferUnderflowException
          | ArithmeticException
          | IndexOutOfBoundsException
          | NegativeArraySizeException e) {
        log.atWarn()
            .addKeyValue("checkpoint", files.checkpoint(generation))
            .addKeyValue("error", e.toString())
            .log("the state on disk can't be read from here");
      }
    }
    return null;
  }

  /** One way through the files. */
  private final class Attempt {
    private final Map<Member, Known> known = new LinkedHashMap<>();
    private final List<LogEntry> events = new ArrayList<>();
    private Snapshot.Editor state =
        new Snapshot.Editor(Snapshot.empty(0, indexes.definitions().size()), indexes.definitions());

    // Of the file that is being read.
    private final List<Known> members = new ArrayList<>();
    private final List<Whole> wholes = new ArrayList<>();
    private long position;

    private final class Known {
      final Origin origin;
      final ObjectReader reader;
      long position;
      boolean left;

      Known(Member member) {
        this.origin = new Origin(member);
        this.reader = ObjectReader.of(kind, origin, templates, new LongAdder(), true);
      }
    }

    Recovered read(long first, long last) throws IOException {
      try (StateReader checkpoint = new StateReader(files.checkpoint(first))) {
        begin(checkpoint);
        readRecords(checkpoint, false);
        if (!checkpoint.sound()) {
          throw new IOException("the checkpoint is damaged");
        }
      }
      Snapshot base = state.publish(position);
      long reached = position;
      for (long generation = first; generation <= last; generation++) {
        try (StateReader reader = new StateReader(files.log(generation))) {
          begin(reader);
          if (position != reached) {
            throw new IOException("log " + generation + " begins elsewhere than expected");
          }
          readRecords(reader, true);
          reached = position;
        }
      }
      return new Recovered(
          base,
          events,
          known.values().stream()
              .map(member ->
                  new Recovered.MemberPosition(member.origin, member.position, member.left))
              .toList());
    }

    private void begin(StateReader reader) throws IOException {
      members.clear();
      wholes.clear();
      if (reader.next() != StateRecord.BEGIN) {
        throw new IOException("a file without a beginning");
      }
      String found = reader.text();
      if (!found.equals(about)) {
        throw new IOException("it is about " + found + ", not " + about);
      }
      position = reader.number();
    }

    private void readRecords(StateReader reader, boolean asEvents) throws IOException {
      StateRecord record;
      while ((record = reader.next()) != StateRecord.END) {
        switch (record) {
          case MEMBER ->
              members.add(
                  known.computeIfAbsent(new Member(reader.text(), reader.text()), Known::new));
          // The incarnation that wrote it may have known other fields.
          case TEMPLATE -> wholes.add(new Whole(reader.bytes(), false));
          case WHOLE, DELTA -> {
            CachedObject object = object(record, reader);
            change(
                object.key(), object, object.resourceVersion(), object.memberVersion(), asEvents);
          }
          case DELETE -> {
            long resourceVersion = reader.number();
            long memberVersion = reader.number();
            change(reader.bytes(), null, resourceVersion, memberVersion, asEvents);
          }
          case POSITION -> {
            Known member = members.get(reader.index());
            member.position = reader.number();
            member.left = reader.number() != 0;
          }
          case BEGIN, END -> throw new IOException(record + " in the middle of a file");
        }
      }
    }

    private CachedObject object(StateRecord record, StateReader reader) {
      long resourceVersion = reader.number();
      long memberVersion = reader.number();
      Known member = members.get(reader.index());
      Whole whole = wholes.get(reader.index());
      Content content =
          record == StateRecord.WHOLE ? whole : new Delta(whole, reader.index(), reader.bytes());
      CachedObject object = member.reader.restore(content, memberVersion);
      object.mint(resourceVersion);
      return object;
    }

    private void change(
        byte[] key,
        @Nullable CachedObject after,
        long resourceVersion,
        long memberVersion,
        boolean asEvent)
        throws IOException {
      CachedObject before = state.get(key);
      if (before == null && after == null) {
        throw new IOException("a deletion of what is not there");
      }
      state.change(before, after);
      if (asEvent) {
        if (resourceVersion <= position) {
          throw new IOException("resourceVersions that go back");
        }
        position = resourceVersion;
        events.add(new LogEntry(resourceVersion, memberVersion, before, after));
      }
    }
  }
}
