package io.multicluster.cache.feed;

import io.multicluster.cache.FeedEvent.ChangeType;
import io.multicluster.wire.proto.ListMeta;
import io.multicluster.wire.proto.ListSplitter;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.WatchEventType;
import io.multicluster.wire.proto.WatchFrameSplitter;
import io.netty.buffer.ByteBuf;

/** Built-in kinds: objects pass as bytes, only bookmarks and errors are looked into. */
final class ProtobufFormat implements FeedFormat {
  static final String INITIAL_EVENTS_END = "k8s.io/initial-events-end";
  private static final String PROTOBUF = "application/vnd.kubernetes.protobuf";

  @Override
  public String listAccept() {
    return PROTOBUF;
  }

  @Override
  public String watchAccept() {
    return PROTOBUF + ";stream=watch";
  }

  @Override
  public ListReader list(ListSplitter.Receiver items) {
    ListSplitter splitter = new ListSplitter(items);
    return new ListReader() {
      @Override
      public void accept(ByteBuf chunk) {
        splitter.accept(chunk);
      }

      @Override
      public ListMeta finish() {
        return splitter.finish();
      }
    };
  }

  @Override
  public WatchReader watch(WatchReceiver receiver) {
    WatchFrameSplitter splitter =
        new WatchFrameSplitter(
            (type, apiVersion, kind, object, length) -> event(receiver, type, object, length));
    return splitter::accept;
  }

  private static void event(
      WatchReceiver receiver, WatchEventType type, byte[] object, int length) {
    switch (type) {
      case ADDED -> receiver.change(ChangeType.ADDED, object, length);
      case MODIFIED -> receiver.change(ChangeType.MODIFIED, object, length);
      case DELETED -> receiver.change(ChangeType.DELETED, object, length);
      case BOOKMARK -> bookmark(receiver, new ProtoReader(object, 0, length));
      case ERROR -> error(receiver, new ProtoReader(object, 0, length));
    }
  }

  private static void bookmark(WatchReceiver receiver, ProtoReader object) {
    String resourceVersion = "";
    boolean marker = false;
    while (object.next()) {
      if (object.field() != 1) {
        continue;
      }
      ProtoReader metadata = object.message();
      while (metadata.next()) {
        if (metadata.field() == 6) {
          resourceVersion = metadata.string();
        } else if (metadata.field() == 12) {
          ProtoReader annotation = metadata.message();
          while (annotation.next()) {
            marker |= annotation.field() == 1 && annotation.string().equals(INITIAL_EVENTS_END);
          }
        }
      }
    }
    receiver.bookmark(resourceVersion, marker);
  }

  private static void error(WatchReceiver receiver, ProtoReader status) {
    String message = "no message";
    int code = 500;
    while (status.next()) {
      if (status.field() == 3) {
        message = status.string();
      } else if (status.field() == 6) {
        code = status.int32();
      }
    }
    receiver.error(code, message);
  }
}
