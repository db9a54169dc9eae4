package io.multicluster.cache;

import io.multicluster.wire.proto.MalformedProtoException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The feed's half of one member and kind: reads objects on the feed's own thread, so that all
 * members are read at the same time, and queues for the sequencer what came of it.
 */
final class FeedChannel implements FeedSink {
  private final Members members;
  private final Sequencer sequencer;
  private final MemberState state;
  private final ObjectReader reader;

  private volatile String resumeFrom;
  private volatile boolean left;

  FeedChannel(
      Members members,
      Sequencer sequencer,
      MemberState state,
      ObjectReader reader,
      String resumeFrom) {
    this.members = members;
    this.sequencer = sequencer;
    this.state = state;
    this.reader = reader;
    this.resumeFrom = resumeFrom;
  }

  MemberState state() {
    return state;
  }

  @Override
  public String resumeFrom() {
    return resumeFrom;
  }

  @Override
  public void accept(FeedEvent event, Runnable applied) {
    if (left) {
      applied.run();
      return;
    }
    switch (event) {
      case FeedEvent.ListBegin() -> submit(applied, null, MemberState::beginList);
      case FeedEvent.ListItem(byte[] bytes, int length) -> {
        CachedObject item = stored(bytes, length);
        submit(applied, null, member -> member.listItem(item));
      }
      case FeedEvent.ListEnd(String version) -> {
        long end = MemberVersion.parse(version);
        submit(
            applied,
            version,
            member -> {
              member.endList(end);
              members.refresh();
            });
      }
      case FeedEvent.Change(FeedEvent.ChangeType type, byte[] bytes, int length) -> {
        CachedObject object = stored(bytes, length);
        submit(
            applied,
            resumeFrom.isEmpty() ? null : Long.toString(object.memberVersion()),
            switch (type) {
              case ADDED, MODIFIED -> member -> member.changed(object);
              case DELETED -> member -> member.deleted(object);
            });
      }
      case FeedEvent.Bookmark(String version) -> {
        long position = MemberVersion.parse(version);
        submit(applied, version, member -> member.bookmark(position));
      }
      case FeedEvent.Unreachable(String reason) ->
          submit(
              applied,
              null,
              member -> {
                member.unreachable(reason);
                members.refresh();
              });
      case FeedEvent.Reachable() ->
          submit(
              applied,
              null,
              member -> {
                member.reachable();
                members.refresh();
              });
    }
  }

  private CachedObject stored(byte[] bytes, int length) {
    CachedObject object = reader.read(bytes, length);
    if (object.memberVersion() == MemberVersion.NONE) {
      throw new MalformedProtoException(object + " has no resourceVersion");
    }
    return object;
  }

  @Override
  public void leave() {
    if (!left) {
      left = true;
      members.leave(this);
    }
  }

  /** The sequencer takes commands in order, so the feed may resume behind what is queued. */
  private void submit(
      Runnable applied, @Nullable String newPosition, Consumer<MemberState> command) {
    sequencer.submit(() -> {
      sequencer.afterPublish(applied);
      if (state.attached(this)) {
        command.accept(state);
      }
    });
    if (newPosition != null) {
      resumeFrom = newPosition;
    }
  }
}
