package io.multicluster.wire.json;

import io.multicluster.wire.proto.ClusterMark;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ObjectMeta;
import io.multicluster.wire.proto.WatchEventType;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Turns the protobuf of built-in kinds into the JSON that kube-apiserver writes for them: byte for
 * byte, straight from the bytes, without objects between.
 *
 * <p>Use: {@link #serve} or {@link #plain}, then any of the writing methods, any number of times.
 * If the former throws, nothing is written, and the transcoder is good for the next object.
 *
 * <p>Reusable, allocates nothing in a steady state, not thread-safe: one per event loop.
 *
 * <p>How it works: the fields of a message come by number, JSON has them in another order. A first
 * walk over the message notes where each field lies, in a stack of ranges; then the fields are
 * written in the order of JSON, each followed by a comma, and the last comma becomes the brace.
 */
public final class JsonTranscoder {
  // Deeper than any built-in kind: only an object inside a RawExtension can get there.
  private static final int MAX_DEPTH = 48;

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED32 = 5;

  /** How far down the changes of metadata are: nothing to change below, here, or one level down. */
  private static final int UNCHANGED = 0;

  private static final int IN_METADATA = 1;
  private static final int IN_OBJECT = 2;

  private static final long NO_TIME = ObjectMeta.NO_TIME;

  /** 0001-01-01, Go's zero time. */
  private static final long ZERO_TIME = -62_135_596_800L;

  private static final byte[] QUANTITY_ZERO = JsonBuffer.ascii("\"0\"");
  private static final byte[] NO_KEY = {};
  private static final byte[] LABEL = JsonBuffer.ascii(ClusterMark.LABEL);
  private static final byte[] ANNOTATION = JsonBuffer.ascii(ClusterMark.ANNOTATION);

  private final MessageType objectMeta = KubernetesTypes.objectMeta();
  private final int resourceVersionField = objectMeta.indexOf("resourceVersion");
  private final int labelsField = objectMeta.indexOf("labels");
  private final int annotationsField = objectMeta.indexOf("annotations");
  private final long changedFields =
      (1L << resourceVersionField) | (1L << labelsField) | (1L << annotationsField);

  private final LongAdder unknownFields;
  private final JsonBuffer buffer = new JsonBuffer();
  private final RawJson rawJson = new RawJson(buffer);
  private final JsonSample.Recorder recorder = new JsonSample.Recorder();

  private byte[] source = JsonBuffer.NULL;
  private byte[] typeMeta = JsonBuffer.NULL;
  private int length;

  /** Start and end of each field, as the halves of a number; a frame per message. */
  private long[] ranges = new long[512];

  private int rangesTop;
  private int depth;

  /** What is like the object that is read. */
  private JsonSample sample = JsonSample.NOTHING;

  /** Whether a sample is made. */
  private boolean recording;

  /** Whether something of the object had to be left out. */
  private boolean incomplete;

  // Of the field that was read last.
  private int tag;
  private int valueStart;

  // Of the varint, the map entry and the time that were read last.
  private int varintEnd;
  private int keyStart;
  private int keyEnd;
  private int itemStart;
  private int itemEnd;
  private long seconds;
  private int nanos;

  // What is changed in the metadata.
  private long resourceVersion;
  private byte[] cluster = NO_KEY;

  /**
   * @param unknownFields counts what had to be left out: fields that the table does not know, as
   *     the member is newer, and embedded JSON that is none
   */
  public JsonTranscoder(LongAdder unknownFields) {
    this.unknownFields = unknownFields;
  }

  /**
   * Reads the object in {@code [start, end)} as a client gets it: with the given resourceVersion,
   * and label and annotation of {@code mark} at their sorted places, replacing what was there.
   *
   * @throws MalformedProtoException if the bytes are not an object of that kind
   */
  public JsonTranscoder serve(
      JsonKind kind, byte[] object, int start, int end, long newResourceVersion, ClusterMark mark) {
    resourceVersion = newResourceVersion;
    cluster = mark.value();
    transcode(kind, object, start, end, IN_OBJECT);
    return this;
  }

  /**
   * Reads the object, list or bookmark in {@code [start, end)} as it is.
   *
   * @throws MalformedProtoException if the bytes are not an object of that kind
   */
  public JsonTranscoder plain(JsonKind kind, byte[] object, int start, int end) {
    transcode(kind, object, start, end, UNCHANGED);
    return this;
  }

  /**
   * Reads an object as {@link #plain} does, and returns what it takes to read others that are much
   * like it with {@link #like}.
   *
   * @param end of the object, which begins with the array
   * @throws MalformedProtoException if the bytes are not an object of that kind
   */
  public JsonSample sample(JsonKind kind, byte[] object, int end) {
    recorder.reset();
    recording = true;
    try {
      transcode(kind, object, 0, end, UNCHANGED);
    } finally {
      recording = false;
    }
    return recorder.sample(Arrays.copyOf(object, end), Arrays.copyOf(buffer.bytes, length));
  }

  /**
   * Reads an object as {@link #plain} does, but takes over whatever it has in common with another.
   * Fields that it leaves out there are not counted again.
   *
   * @param like of an object of the same kind
   * @param end of the object, which begins with the array
   * @throws MalformedProtoException if the bytes are not an object of that kind
   */
  public JsonTranscoder like(JsonSample like, JsonKind kind, byte[] object, int end) {
    sample = like;
    try {
      transcode(kind, object, 0, end, UNCHANGED);
    } finally {
      sample = JsonSample.NOTHING;
    }
    return this;
  }

  /** Whether nothing of what was read had to be left out. */
  public boolean complete() {
    return !incomplete;
  }

  /** Writes what was read as an item of a list: without kind and apiVersion. */
  public void writeItem(ByteBuf out) {
    out.writeBytes(buffer.bytes, 0, length);
  }

  /**
   * Writes what was read with its kind and apiVersion in front. kube-apiserver ends a body with a
   * newline; none is written here.
   */
  public void writeObject(ByteBuf out) {
    boolean empty = length == 2;
    out.ensureWritable(typeMeta.length + length);
    out.writeByte('{');
    out.writeBytes(typeMeta, 0, empty ? typeMeta.length - 1 : typeMeta.length);
    out.writeBytes(buffer.bytes, 1, length - 1);
  }

  /** Writes what was read, with kind and apiVersion, as a value in other JSON. */
  public void writeObject(JsonWriter out) {
    boolean empty = length == 2;
    out.object(typeMeta, empty ? typeMeta.length - 1 : typeMeta.length, buffer.bytes, 1, length);
  }

  /** Writes what was read as an event of a watch, newline included. */
  public void writeWatchFrame(ByteBuf out, WatchEventType type) {
    JsonWatchFrames.begin(out, type);
    writeObject(out);
    JsonWatchFrames.end(out);
  }

  private void transcode(JsonKind kind, byte[] object, int start, int end, int change) {
    Objects.checkFromToIndex(start, end, object.length);
    buffer.trim();
    source = object;
    typeMeta = kind.typeMeta();
    rangesTop = 0;
    depth = 0;
    length = 0;
    incomplete = false;
    if (recording) {
      recorder.begin(0, start, end, 0);
    }
    length = message(kind.type(), start, end, change, sample.root(), 0);
    if (recording) {
      recorder.end(0, length);
    }
    source = JsonBuffer.NULL;
  }

  /**
   * @param twin the part of the sample that may be like this one
   */
  private int message(MessageType type, int start, int end, int change, int twin, int position) {
    if (++depth > MAX_DEPTH) {
      throw new MalformedProtoException("objects nested deeper than " + MAX_DEPTH + " messages");
    }
    int frame = rangesTop;
    rangesTop += type.size();
    if (rangesTop > ranges.length) {
      ranges = Arrays.copyOf(ranges, 2 * rangesTop);
    }
    long onWire = locate(type, type.numbers(), start, end, frame, 0);
    long todo = onWire | type.always();
    if (change == IN_METADATA) {
      todo |= changedFields;
    }
    buffer.ensure(position, 1);
    int to = position;
    buffer.bytes[to++] = '{';
    int twins = sample.within(twin);
    while (todo != 0) {
      int i = Long.numberOfTrailingZeros(todo);
      todo &= todo - 1;
      boolean present = (onWire >>> i & 1) != 0;
      long range = present ? ranges[frame + i] : 0;
      twins = sample.find(twin, twins, i);
      to =
          change == UNCHANGED
              ? field(type.field(i), i, present, range, twins, to)
              : changedField(type.field(i), i, present, range, change, to);
    }
    rangesTop = frame;
    depth--;
    return close(position, '}', to);
  }

  /** Puts the closing bracket over the last comma. */
  private int close(int opening, char bracket, int to) {
    int at = to == opening + 1 ? to : to - 1;
    buffer.bytes[at] = (byte) bracket;
    return at + 1;
  }

  /**
   * Notes where the fields of a message lie: the content of a single one, all from the first to the
   * last of a repeated one.
   *
   * @return a bit for each field that is there, added to {@code found}
   */
  private long locate(
      MessageType type, MessageType.Numbers numbers, int start, int end, int frame, long found) {
    long onWire = found;
    long inlined = 0;
    int at = start;
    while (at < end) {
      int fieldStart = at;
      at = next(at, end);
      int code = numbers.code(tag >>> 3);
      if (code < 0) {
        if (code == MessageType.Numbers.UNKNOWN) {
          leaveOut();
        }
      } else if (code < MessageType.Numbers.FIRST_INLINED) {
        FieldType field = type.field(code);
        long bit = 1L << code;
        if (field.container != FieldType.SINGLE) {
          int first = (onWire & bit) == 0 ? fieldStart : (int) (ranges[frame + code] >>> 32);
          ranges[frame + code] = (long) first << 32 | at;
        } else {
          expectWireType(field.wireType());
          if ((onWire & bit) != 0 && field.type == FieldType.MESSAGE) {
            throw twice(field.number);
          }
          ranges[frame + code] = (long) valueStart << 32 | at;
        }
        onWire |= bit;
      } else {
        expectWireType(LENGTH_DELIMITED);
        int index = code - MessageType.Numbers.FIRST_INLINED;
        if ((inlined >>> index & 1) != 0) {
          throw twice(tag >>> 3);
        }
        inlined |= 1L << index;
        onWire = locate(type, numbers.inlined[index], valueStart, at, frame, onWire);
      }
    }
    return onWire;
  }

  private void leaveOut() {
    incomplete = true;
    unknownFields.increment();
  }

  /** Protobuf would merge the two; no API server writes such. */
  private static MalformedProtoException twice(int field) {
    return new MalformedProtoException("message field " + field + " twice");
  }

  private int changedField(
      FieldType field, int index, boolean present, long range, int change, int position) {
    int start = (int) (range >>> 32);
    int end = (int) range;
    int to = position;
    if (change == IN_OBJECT) {
      if (field.message != objectMeta) {
        return field(field, index, present, range, JsonSample.NONE, position);
      }
      to = buffer.words(field.name, field.nameLength, to);
      to = message(objectMeta, start, end, IN_METADATA, JsonSample.NONE, to);
    } else if (index == resourceVersionField) {
      to = buffer.words(field.name, field.nameLength, to);
      buffer.bytes[to++] = '"';
      to = buffer.number(resourceVersion, to);
      buffer.bytes[to++] = '"';
    } else if (index == labelsField || index == annotationsField) {
      to = buffer.words(field.name, field.nameLength, to);
      to = map(field, start, end, index == labelsField ? LABEL : ANNOTATION, to);
    } else {
      return field(field, index, present, range, JsonSample.NONE, position);
    }
    buffer.bytes[to++] = ',';
    return to;
  }

  /**
   * @param twin the part of the sample that may be like this one, if it has the same index
   */
  private int field(
      FieldType field, int index, boolean present, long range, int twin, int position) {
    int start = (int) (range >>> 32);
    int end = (int) range;
    if (present && field.omitZero && isZero(field, start, end)) {
      return position;
    }
    int to = buffer.words(field.name, field.nameLength, position);
    if (!present && field.nullIfAbsent) {
      to = buffer.raw(JsonBuffer.NULL, to);
    } else if (present && field.isPart()) {
      to = part(field, index, field.container, start, end, twin, to);
    } else {
      to = content(field, field.container, start, end, JsonSample.NONE, to);
    }
    buffer.bytes[to++] = ',';
    return to;
  }

  /** Writes a field or an item of one, or takes it over from the sample. */
  private int part(
      FieldType field, int index, int container, int start, int end, int like, int position) {
    int twin = sample.hasIndex(like, index) ? like : JsonSample.NONE;
    if (sample.same(twin, source, start, end)) {
      return sample.write(twin, buffer, position);
    }
    if (!recording) {
      return content(field, container, start, end, twin, position);
    }
    int part = recorder.begin(index, start, end, position);
    int to = content(field, container, start, end, twin, position);
    recorder.end(part, to);
    return to;
  }

  private int content(FieldType field, int container, int start, int end, int twin, int position) {
    return switch (container) {
      case FieldType.SINGLE -> value(field, start, end, twin, position);
      case FieldType.REPEATED -> repeated(field, start, end, twin, position);
      default -> map(field, start, end, NO_KEY, position);
    };
  }

  private boolean isZero(FieldType field, int start, int end) {
    return switch (field.type) {
      case FieldType.BOOL, FieldType.INTEGER -> varint(start, end) == 0;
      case FieldType.TIME -> seconds(start, end) == NO_TIME;
      default -> start == end;
    };
  }

  /** Writes one value, item or map value; {@code start == end} is the zero value of every type. */
  private int value(FieldType field, int start, int end, int twin, int position) {
    return switch (field.type) {
      case FieldType.STRING -> buffer.string(source, start, end, position);
      case FieldType.BOOL -> buffer.bool(start < end && varint(start, end) != 0, position);
      case FieldType.INTEGER -> buffer.number(start < end ? varint(start, end) : 0, position);
      case FieldType.BYTES -> base64(start, end, position);
      case FieldType.MESSAGE ->
          object(Objects.requireNonNull(field.message), field.typeMeta, start, end, twin, position);
      case FieldType.TIME -> time(start, end, position);
      case FieldType.MICRO_TIME -> microTime(start, end, position);
      case FieldType.QUANTITY -> quantity(start, end, position);
      case FieldType.INT_OR_STRING -> intOrString(start, end, position);
      case FieldType.RAW -> raw(start, end, position);
      default -> strings(start, end, position);
    };
  }

  /** Writes a message, perhaps with members in front that are not on the wire. */
  private int object(MessageType type, byte[] front, int start, int end, int twin, int position) {
    if (front.length == 0) {
      return message(type, start, end, UNCHANGED, twin, position);
    }
    // The message is written with a gap before it; the last comma then covers its opening brace.
    buffer.ensure(position, front.length);
    int to = message(type, start, end, UNCHANGED, twin, position + front.length);
    buffer.bytes[position] = '{';
    System.arraycopy(front, 0, buffer.bytes, position + 1, front.length);
    if (to == position + front.length + 2) {
      buffer.bytes[position + front.length] = '}';
      return position + front.length + 1;
    }
    return to;
  }

  private int repeated(FieldType field, int start, int end, int twin, int position) {
    boolean number = field.type == FieldType.INTEGER || field.type == FieldType.BOOL;
    boolean parts = field.isMessage();
    int to = position;
    buffer.bytes[to++] = '[';
    int twins = sample.within(twin);
    int index = 0;
    int at = start;
    while (at < end) {
      at = next(at, end);
      if (tag >>> 3 != field.number) {
        continue;
      }
      if (number && (tag & 7) == LENGTH_DELIMITED) {
        to = packed(field, valueStart, at, to);
      } else {
        expectWireType(number ? VARINT : LENGTH_DELIMITED);
        if (parts) {
          twins = sample.find(twin, twins, index);
          to = part(field, index++, FieldType.SINGLE, valueStart, at, twins, to);
        } else {
          to = value(field, valueStart, at, JsonSample.NONE, to);
        }
        buffer.bytes[to++] = ',';
      }
    }
    return close(position, ']', to);
  }

  /** Numbers in the compact form, which readers must understand too. */
  private int packed(FieldType field, int start, int end, int position) {
    int to = position;
    int at = start;
    while (at < end) {
      varint(at, end);
      int numberEnd = varintEnd;
      to = value(field, at, numberEnd, JsonSample.NONE, to);
      buffer.bytes[to++] = ',';
      at = numberEnd;
    }
    return to;
  }

  /**
   * @param marked the key at which the cluster is put in; empty for none
   */
  private int map(FieldType field, int start, int end, byte[] marked, int position) {
    boolean due = marked.length > 0;
    int to = position;
    buffer.bytes[to++] = '{';
    int lastStart = 0;
    int lastEnd = -1;
    int at = start;
    while (at < end) {
      at = next(at, end);
      if (tag >>> 3 != field.number) {
        continue;
      }
      expectWireType(LENGTH_DELIMITED);
      entry(valueStart, at);
      if (lastEnd >= 0
          && Arrays.compareUnsigned(source, lastStart, lastEnd, source, keyStart, keyEnd) >= 0) {
        return unsortedMap(field, start, end, marked, position);
      }
      lastStart = keyStart;
      lastEnd = keyEnd;
      if (marked.length > 0) {
        int order = Arrays.compareUnsigned(source, keyStart, keyEnd, marked, 0, marked.length);
        if (due && order >= 0) {
          to = mark(marked, to);
          due = false;
        }
        if (order == 0) {
          continue;
        }
      }
      to = buffer.string(source, keyStart, keyEnd, to);
      buffer.bytes[to++] = ':';
      to = value(field, itemStart, itemEnd, JsonSample.NONE, to);
      buffer.bytes[to++] = ',';
    }
    if (due) {
      to = mark(marked, to);
    }
    return close(position, '}', to);
  }

  private int mark(byte[] key, int position) {
    int to = buffer.string(key, 0, key.length, position);
    buffer.bytes[to++] = ':';
    to = buffer.string(cluster, 0, cluster.length, to);
    buffer.bytes[to++] = ',';
    return to;
  }

  /** For maps as kube-apiserver does not write them: out of order, or with a key twice. */
  private int unsortedMap(FieldType field, int start, int end, byte[] marked, int position) {
    Map<byte[], Long> items = new TreeMap<>(Arrays::compareUnsigned);
    if (marked.length > 0) {
      items.put(marked, 0L);
    }
    int at = start;
    while (at < end) {
      at = next(at, end);
      if (tag >>> 3 != field.number) {
        continue;
      }
      expectWireType(LENGTH_DELIMITED);
      entry(valueStart, at);
      byte[] key = Arrays.copyOfRange(source, keyStart, keyEnd);
      if (!Arrays.equals(key, marked)) {
        items.put(key, (long) itemStart << 32 | itemEnd);
      }
    }
    int to = position;
    buffer.bytes[to++] = '{';
    for (Map.Entry<byte[], Long> item : items.entrySet()) {
      byte[] key = item.getKey();
      if (Arrays.equals(key, marked)) {
        to = mark(marked, to);
        continue;
      }
      long range = item.getValue();
      to = buffer.string(key, 0, key.length, to);
      buffer.bytes[to++] = ':';
      to = value(field, (int) (range >>> 32), (int) range, JsonSample.NONE, to);
      buffer.bytes[to++] = ',';
    }
    return close(position, '}', to);
  }

  /** Reads the entry of a map: key 1, value 2, both with a length. */
  private void entry(int start, int end) {
    keyStart = 0;
    keyEnd = 0;
    itemStart = 0;
    itemEnd = 0;
    int at = start;
    while (at < end) {
      at = next(at, end);
      if (tag == (1 << 3 | LENGTH_DELIMITED)) {
        keyStart = valueStart;
        keyEnd = at;
      } else if (tag == (2 << 3 | LENGTH_DELIMITED)) {
        itemStart = valueStart;
        itemEnd = at;
      }
    }
  }

  /** Reads a message whose one field, 1, is text or bytes. */
  private void content(int start, int end) {
    itemStart = 0;
    itemEnd = 0;
    int at = start;
    while (at < end) {
      at = next(at, end);
      if (tag == (1 << 3 | LENGTH_DELIMITED)) {
        itemStart = valueStart;
        itemEnd = at;
      }
    }
  }

  /** The seconds of a Time, which ignores fractions; {@link ObjectMeta#NO_TIME} if it is zero. */
  private long seconds(int start, int end) {
    if (start == end) {
      return NO_TIME;
    }
    timestamp(start, end);
    return seconds == ZERO_TIME ? NO_TIME : seconds;
  }

  private int time(int start, int end, int position) {
    long known = seconds(start, end);
    return known == NO_TIME ? buffer.raw(JsonBuffer.NULL, position) : buffer.time(known, position);
  }

  private int microTime(int start, int end, int position) {
    if (start == end) {
      return buffer.raw(JsonBuffer.NULL, position);
    }
    timestamp(start, end);
    // Go takes nanoseconds of any size and carries them over.
    int micros = nanos / 1_000;
    long second = seconds + Math.floorDiv(micros, 1_000_000);
    int microOfSecond = Math.floorMod(micros, 1_000_000);
    return second == ZERO_TIME && microOfSecond == 0
        ? buffer.raw(JsonBuffer.NULL, position)
        : buffer.microTime(second, microOfSecond, position);
  }

  private void timestamp(int start, int end) {
    seconds = 0;
    nanos = 0;
    int at = start;
    while (at < end) {
      at = next(at, end);
      if (tag == (1 << 3 | VARINT)) {
        seconds = varint(valueStart, at);
      } else if (tag == (2 << 3 | VARINT)) {
        nanos = (int) varint(valueStart, at);
      }
    }
  }

  private int quantity(int start, int end, int position) {
    content(start, end);
    return itemStart == itemEnd
        ? buffer.raw(QUANTITY_ZERO, position)
        : buffer.string(source, itemStart, itemEnd, position);
  }

  private int intOrString(int start, int end, int position) {
    long type = 0;
    long number = 0;
    int textStart = 0;
    int textEnd = 0;
    int at = start;
    while (at < end) {
      at = next(at, end);
      if (tag == (1 << 3 | VARINT)) {
        type = varint(valueStart, at);
      } else if (tag == (2 << 3 | VARINT)) {
        number = varint(valueStart, at);
      } else if (tag == (3 << 3 | LENGTH_DELIMITED)) {
        textStart = valueStart;
        textEnd = at;
      }
    }
    if (type == 0) {
      return buffer.number(number, position);
    }
    if (type == 1) {
      return buffer.string(source, textStart, textEnd, position);
    }
    throw new MalformedProtoException("an IntOrString of type " + type);
  }

  /** Writes embedded JSON, or an embedded object in protobuf. */
  private int raw(int messageStart, int messageEnd, int position) {
    content(messageStart, messageEnd);
    int start = itemStart;
    int end = itemEnd;
    if (start == end) {
      return buffer.raw(JsonBuffer.NULL, position);
    }
    if (Envelope.isEnveloped(source, start, end)) {
      Envelope.Content object = Envelope.open(source, start, end);
      JsonKind kind = KubernetesTypes.kind(object.apiVersion(), object.kind());
      if (kind != null) {
        return object(
            kind.type(),
            kind.typeMeta(),
            object.rawStart(),
            object.rawEnd(),
            JsonSample.NONE,
            position);
      }
    } else {
      int to = rawJson.write(source, start, end, position);
      if (to >= 0) {
        return to;
      }
    }
    leaveOut();
    return buffer.raw(JsonBuffer.NULL, position);
  }

  /** Writes a message with one repeated string, which is an array in JSON. */
  private int strings(int start, int end, int position) {
    buffer.ensure(position, 1);
    int to = position;
    buffer.bytes[to++] = '[';
    int at = start;
    while (at < end) {
      at = next(at, end);
      if (tag == (1 << 3 | LENGTH_DELIMITED)) {
        to = buffer.string(source, valueStart, at, to);
        buffer.bytes[to++] = ',';
      }
    }
    return close(position, ']', to);
  }

  private int base64(int start, int end, int position) {
    byte[] text = Base64.getEncoder().encode(ByteBuffer.wrap(source, start, end - start)).array();
    buffer.ensure(position, text.length + 2);
    buffer.bytes[position] = '"';
    int to = buffer.raw(text, position + 1);
    buffer.bytes[to++] = '"';
    return to;
  }

  /** Reads a field's {@link #tag} and {@link #valueStart}; returns where it ends. */
  private int next(int start, int end) {
    byte[] bytes = source;
    int at = start + 1;
    int newTag = bytes[start];
    if (newTag < 0) {
      long number = varint(start, end);
      newTag = number >>> 32 == 0 ? (int) number : 0;
      at = varintEnd;
    }
    tag = newTag;
    if (newTag >>> 3 == 0) {
      throw new MalformedProtoException("a field number out of range at " + start);
    }
    int size;
    switch (newTag & 7) {
      case LENGTH_DELIMITED -> {
        size = at < end ? bytes[at] : -1;
        if (size >= 0) {
          at++;
        } else {
          long number = varint(at, end);
          at = varintEnd;
          size = number >>> 31 == 0 ? (int) number : Integer.MAX_VALUE;
        }
      }
      case VARINT -> {
        if (at < end && bytes[at] >= 0) {
          size = 1;
        } else {
          varint(at, end);
          size = varintEnd - at;
        }
      }
      case FIXED64 -> size = 8;
      case FIXED32 -> size = 4;
      default -> throw new MalformedProtoException("wire type " + (newTag & 7) + " at " + start);
    }
    valueStart = at;
    if (size > end - at) {
      throw cutOff(start);
    }
    return at + size;
  }

  private static MalformedProtoException cutOff(int start) {
    return new MalformedProtoException("the field at " + start + " ends beyond its message");
  }

  private void expectWireType(int wireType) {
    if ((tag & 7) != wireType) {
      throw new MalformedProtoException(
          "field " + (tag >>> 3) + " has wire type " + (tag & 7) + " instead of " + wireType);
    }
  }

  /** Reads a number and where it ends: {@link #varintEnd}. */
  private long varint(int start, int end) {
    long value = 0;
    int at = start;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at == end) {
        throw cutOff(start);
      }
      byte b = source[at++];
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        varintEnd = at;
        return value;
      }
    }
    throw new MalformedProtoException("a number of more than ten bytes at " + start);
  }
}
