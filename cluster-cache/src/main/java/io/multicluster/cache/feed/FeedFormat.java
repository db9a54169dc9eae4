package io.multicluster.cache.feed;

import io.multicluster.cache.CachedKind.Encoding;
import io.multicluster.cache.FeedEvent.ChangeType;
import io.multicluster.wire.proto.ListMeta;
import io.multicluster.wire.proto.ListSplitter;
import io.netty.buffer.ByteBuf;

/** How lists and watches of a member are asked for and read, in one encoding. */
interface FeedFormat {
  String listAccept();

  String watchAccept();

  /**
   * @param items receives each object as soon as it is complete
   */
  ListReader list(ListSplitter.Receiver items);

  WatchReader watch(WatchReceiver receiver);

  static FeedFormat of(Encoding encoding) {
    return switch (encoding) {
      case PROTOBUF -> new ProtobufFormat();
      case JSON -> new JsonFormat();
    };
  }

  /** Reads one answer to a list, in chunks. */
  interface ListReader {
    /** Reads all of {@code chunk}; does not release it. */
    void accept(ByteBuf chunk);

    /** To be called at the end of the answer. */
    ListMeta finish();
  }

  /** Reads one watch stream, in chunks. */
  interface WatchReader {
    /** Reads all of {@code chunk}; does not release it. */
    void accept(ByteBuf chunk);
  }

  /** Gets the events of a watch. */
  interface WatchReceiver {
    /**
     * @param change ADDED, MODIFIED or DELETED
     * @param object begins with the object; used again when the call returns
     */
    void change(ChangeType change, byte[] object, int length);

    /**
     * @param endsInitialEvents whether this is the marker behind the initial events (KEP-3157)
     */
    void bookmark(String resourceVersion, boolean endsInitialEvents);

    /** The stream's last word. */
    void error(int code, String message);
  }
}
