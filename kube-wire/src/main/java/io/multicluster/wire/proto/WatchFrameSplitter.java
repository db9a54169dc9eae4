package io.multicluster.wire.proto;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Takes a protobuf watch stream in chunks as they arrive and passes each event on as soon as it is
 * complete. Holds one incomplete event at most.
 *
 * <p>Not thread-safe; one per stream.
 */
public final class WatchFrameSplitter {
  /** Bytes that a frame may have, as in client-go. */
  public static final int MAX_FRAME_BYTES = 16 << 20;

  private static final int EVENT = 0;
  private static final int RAW_EXTENSION = 1;
  private static final int UNKNOWN = 2;

  private final Parser parser = new Parser();
  private final Receiver receiver;

  // Of the event that is being read.
  private @Nullable WatchEventType type;
  private byte @Nullable [] object;
  private int objectLength;
  private boolean typed;

  // Of the last event that told: nearly every event of a stream has the same.
  private byte[] typeMeta = new byte[0];
  private String apiVersion = "";
  private String kind = "";

  /** Gets the events. */
  @FunctionalInterface
  public interface Receiver {
    /**
     * @param apiVersion of the object; {@code v1} for the Status of an ERROR
     * @param object begins with the object's bare message; used again when the call returns
     * @param length of the message
     */
    void event(WatchEventType type, String apiVersion, String kind, byte[] object, int length);
  }

  public WatchFrameSplitter(Receiver receiver) {
    this.receiver = receiver;
    parser.enter(EVENT, Long.MAX_VALUE);
  }

  /**
   * Reads all of {@code chunk}; does not release it.
   *
   * @throws MalformedProtoException if this is not a watch stream, or has a frame above {@link
   *     #MAX_FRAME_BYTES}; the splitter is of no use from then on
   */
  public void accept(ByteBuf chunk) {
    parser.feed(chunk);
  }

  /** Whether the stream may end here; if not, it was cut off inside an event. */
  public boolean betweenEvents() {
    return parser.atPrefix();
  }

  private void complete() {
    if (type == null || object == null || !typed) {
      throw new MalformedProtoException("a watch event without type, object or kind");
    }
    receiver.event(type, apiVersion, kind, object, objectLength);
    type = null;
    object = null;
    typed = false;
  }

  private final class Parser extends ChunkParser {
    Parser() {
      super(MAX_FRAME_BYTES);
    }

    @Override
    int action(int scope, int field) {
      return switch (scope) {
        case EVENT -> field == 1 ? COLLECT : field == 2 ? RAW_EXTENSION : SKIP;
        case RAW_EXTENSION -> field == 1 ? UNKNOWN : SKIP;
        default -> field == 1 ? COLLECT : field == 2 ? BORROW : SKIP;
      };
    }

    @Override
    boolean prefixed(int scope) {
      return scope != RAW_EXTENSION;
    }

    @Override
    long prefix(int scope, int value) {
      if (scope == EVENT) {
        if (value < 0 || value > MAX_FRAME_BYTES) {
          throw new MalformedProtoException(
              "a watch frame of "
                  + Integer.toUnsignedString(value)
                  + " bytes, more than "
                  + MAX_FRAME_BYTES);
        }
        return value;
      }
      if (value != Envelope.MAGIC) {
        throw new MalformedProtoException(
            "a watch event's object without the magic bytes of Kubernetes protobuf");
      }
      return -1;
    }

    @Override
    void collected(int scope, int field, byte[] bytes, int length) {
      if (scope == EVENT) {
        type = WatchEventType.read(bytes);
      } else if (field == 2) {
        object = bytes;
        objectLength = length;
      } else {
        typed = true;
        if (!Arrays.equals(bytes, typeMeta)) {
          readTypeMeta(bytes);
        }
      }
    }

    @Override
    void left(int scope) {
      if (scope == EVENT) {
        complete();
        enter(EVENT, Long.MAX_VALUE);
      }
    }
  }

  private void readTypeMeta(byte[] bytes) {
    String newApiVersion = "";
    String newKind = "";
    ProtoReader r = new ProtoReader(bytes);
    while (r.next()) {
      switch (r.field()) {
        case 1 -> newApiVersion = r.string();
        case 2 -> newKind = r.string();
        default -> {}
      }
    }
    typeMeta = bytes;
    apiVersion = newApiVersion;
    kind = newKind;
  }
}
