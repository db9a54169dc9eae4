package io.multicluster.wire.proto;

import io.netty.buffer.ByteBuf;

/**
 * Takes the enveloped protobuf list that an API server answers, in chunks as they arrive, and
 * passes each item on as soon as it is complete. Holds one incomplete item at most.
 *
 * <p>Not thread-safe; one per answer.
 */
public final class ListSplitter {
  /** Bytes that an item may have: far above what etcd can store. */
  public static final int MAX_ITEM_BYTES = 16 << 20;

  private static final int UNKNOWN = 0;
  private static final int LIST = 1;

  private final Parser parser = new Parser();
  private final Receiver items;
  private ListMeta metadata = new ListMeta("", "", null);
  private boolean listSeen;

  /** Gets the items, in order. */
  @FunctionalInterface
  public interface Receiver {
    /**
     * @param object begins with the item's bare message; used again when the call returns
     * @param length of the message
     */
    void item(byte[] object, int length);
  }

  public ListSplitter(Receiver items) {
    this.items = items;
    parser.enter(UNKNOWN, Long.MAX_VALUE);
  }

  /**
   * Reads all of {@code chunk}; does not release it.
   *
   * @throws MalformedProtoException if this is not an enveloped list, or has an item above {@link
   *     #MAX_ITEM_BYTES}; the splitter is of no use from then on
   */
  public void accept(ByteBuf chunk) {
    parser.feed(chunk);
  }

  /**
   * To be called at the end of the answer.
   *
   * @return the list's metadata
   * @throws MalformedProtoException if the answer was cut off
   */
  public ListMeta finish() {
    if (!parser.betweenFields() || !listSeen) {
      throw new MalformedProtoException("a list cut off after " + parser.offset() + " bytes");
    }
    return metadata;
  }

  private final class Parser extends ChunkParser {
    Parser() {
      super(MAX_ITEM_BYTES);
    }

    @Override
    int action(int scope, int field) {
      if (scope == UNKNOWN) {
        return field == 2 ? LIST : SKIP;
      }
      return field == 1 ? COLLECT : field == 2 ? BORROW : SKIP;
    }

    @Override
    boolean prefixed(int scope) {
      return scope == UNKNOWN;
    }

    @Override
    long prefix(int scope, int value) {
      if (value != Envelope.MAGIC) {
        throw new MalformedProtoException("a list without the magic bytes of Kubernetes protobuf");
      }
      return -1;
    }

    @Override
    void collected(int scope, int field, byte[] bytes, int length) {
      if (field == 1) {
        metadata = ListMeta.read(bytes, 0, length);
      } else {
        items.item(bytes, length);
      }
    }

    @Override
    void left(int scope) {
      listSeen = true;
    }
  }
}
