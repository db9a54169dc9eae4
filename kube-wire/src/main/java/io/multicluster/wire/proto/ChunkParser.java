package io.multicluster.wire.proto;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Parses nested protobuf messages from a stream that arrives in chunks of any size. A subclass says
 * for each field whether it is entered, collected or skipped; what is collected is copied once,
 * into an array of its exact size or one that is used again. Between two chunks nothing is held but
 * the field being collected.
 *
 * <p>Some messages have four bytes in front: a frame its length, an enveloped object its magic.
 */
abstract class ChunkParser {
  /** Field actions; every value from 0 on enters the message as the scope of that number. */
  static final int SKIP = -1;

  static final int COLLECT = -2;

  /** As {@link #COLLECT}, into an array that is used again for the next such field. */
  static final int BORROW = -3;

  private static final int MAX_DEPTH = 5;
  private static final int PREFIX_SIZE = 4;

  private enum State {
    PREFIX,
    TAG,
    NUMBER,
    LENGTH,
    SKIPPING,
    COLLECTING
  }

  private final int maxCollected;
  private final int[] scopes = new int[MAX_DEPTH];
  private final long[] ends = new long[MAX_DEPTH];
  private int depth = -1;

  private State state = State.TAG;
  private long offset;
  private long varint;
  private int varintShift;
  private int prefix;
  private int prefixBytes;
  private int field;
  private int action;
  private long toSkip;
  private byte @Nullable [] collected;
  private int collectedLength;
  private int collectedBytes;
  private final Scratch borrowed = new Scratch();

  /**
   * @param maxCollected bytes that a collected field may have
   */
  ChunkParser(int maxCollected) {
    this.maxCollected = maxCollected;
  }

  /** What to do with a length-delimited field. */
  abstract int action(int scope, int field);

  /** Whether four bytes stand before the first field of a scope. */
  abstract boolean prefixed(int scope);

  /**
   * Takes those four bytes.
   *
   * @return how many bytes of the scope follow, or -1 if that is known from outside
   */
  abstract long prefix(int scope, int value);

  /**
   * @param bytes begins with the field's content
   */
  abstract void collected(int scope, int field, byte[] bytes, int length);

  abstract void left(int scope);

  /** Starts a message that is in no other. */
  final void enter(int scope, long length) {
    if (depth + 1 == MAX_DEPTH) {
      throw new IllegalStateException("messages nested deeper than " + MAX_DEPTH);
    }
    depth++;
    scopes[depth] = scope;
    ends[depth] = length == Long.MAX_VALUE ? length : offset + length;
    if (prefixed(scope)) {
      state = State.PREFIX;
      prefix = 0;
      prefixBytes = 0;
    } else {
      state = State.TAG;
    }
  }

  /** Whether the stream may end here: between two fields of the outermost message. */
  final boolean betweenFields() {
    return depth == 0 && state == State.TAG && varintShift == 0;
  }

  /** Whether a prefix is awaited of which no byte has come. */
  final boolean atPrefix() {
    return depth == 0 && state == State.PREFIX && prefixBytes == 0;
  }

  /** Bytes read so far. */
  final long offset() {
    return offset;
  }

  /** Reads all of {@code in}; does not release it. */
  final void feed(ByteBuf in) {
    while (true) {
      while (state == State.TAG && offset == ends[depth]) {
        if (varintShift != 0) {
          throw new MalformedProtoException("a tag ends beyond its message");
        }
        int scope = scopes[depth--];
        left(scope);
      }
      if (!in.isReadable()) {
        return;
      }
      switch (state) {
        case PREFIX -> readPrefix(in);
        case TAG -> readTag(in);
        case NUMBER -> {
          if (readVarint(in)) {
            state = State.TAG;
          }
        }
        case LENGTH -> readLength(in);
        case SKIPPING -> {
          int n = (int) Math.min(toSkip, in.readableBytes());
          in.skipBytes(n);
          offset += n;
          toSkip -= n;
          if (toSkip == 0) {
            state = State.TAG;
          }
        }
        case COLLECTING -> collect(in);
      }
    }
  }

  private void readPrefix(ByteBuf in) {
    while (prefixBytes < PREFIX_SIZE && in.isReadable()) {
      prefix = prefix << 8 | in.readUnsignedByte();
      prefixBytes++;
      offset++;
    }
    if (prefixBytes == PREFIX_SIZE) {
      long length = prefix(scopes[depth], prefix);
      if (length >= 0) {
        ends[depth] = offset + length;
      }
      if (offset > ends[depth]) {
        throw new MalformedProtoException("a message shorter than its magic bytes");
      }
      state = State.TAG;
    }
  }

  private void readTag(ByteBuf in) {
    if (!readVarint(in)) {
      return;
    }
    long number = varint >>> 3;
    if (number == 0 || varint >>> 32 != 0) {
      throw new MalformedProtoException("field number " + number + " at " + offset);
    }
    field = (int) number;
    switch ((int) varint & 7) {
      case 0 -> state = State.NUMBER;
      case 1 -> skip(8);
      case 2 -> state = State.LENGTH;
      case 5 -> skip(4);
      default -> throw new MalformedProtoException("wire type " + (varint & 7) + " at " + offset);
    }
  }

  private void readLength(ByteBuf in) {
    if (!readVarint(in)) {
      return;
    }
    long length = varint;
    if (length < 0 || length > ends[depth] - offset) {
      throw new MalformedProtoException("field " + field + " of " + length + " bytes at " + offset);
    }
    action = action(scopes[depth], field);
    if (action == SKIP) {
      skip(length);
    } else if (action == COLLECT || action == BORROW) {
      if (length > maxCollected) {
        throw new MalformedProtoException(
            "field "
                + field
                + " of "
                + length
                + " bytes at "
                + offset
                + ", more than "
                + maxCollected);
      }
      collectedLength = (int) length;
      collected = action == BORROW ? borrowed.array(collectedLength) : new byte[collectedLength];
      collectedBytes = 0;
      state = State.COLLECTING;
      if (length == 0) {
        finishCollecting(collected);
      }
    } else {
      enter(action, length);
    }
  }

  private void skip(long length) {
    if (length > ends[depth] - offset) {
      throw new MalformedProtoException("field " + field + " ends beyond its message");
    }
    toSkip = length;
    state = length == 0 ? State.TAG : State.SKIPPING;
  }

  private void collect(ByteBuf in) {
    byte[] target = collected;
    if (target == null) {
      throw new IllegalStateException("nothing is being collected");
    }
    int n = Math.min(collectedLength - collectedBytes, in.readableBytes());
    in.readBytes(target, collectedBytes, n);
    offset += n;
    collectedBytes += n;
    if (collectedBytes == collectedLength) {
      finishCollecting(target);
    }
  }

  private void finishCollecting(byte[] bytes) {
    collected = null;
    state = State.TAG;
    collected(scopes[depth], field, bytes, collectedLength);
  }

  /** Whether {@link #varint} is complete. */
  private boolean readVarint(ByteBuf in) {
    if (varintShift == 0) {
      varint = 0;
    }
    while (in.isReadable()) {
      if (offset == ends[depth]) {
        throw new MalformedProtoException("a number ends beyond its message");
      }
      byte b = in.readByte();
      offset++;
      varint |= (long) (b & 0x7f) << varintShift;
      if (b >= 0) {
        varintShift = 0;
        return true;
      }
      varintShift += 7;
      if (varintShift == 70) {
        throw new MalformedProtoException("a number of more than ten bytes at " + offset);
      }
    }
    return false;
  }
}
