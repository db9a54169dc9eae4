package io.multicluster.wire.json;

import io.multicluster.wire.json.MessageType.Numbers;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ProtoReader;
import java.util.Arrays;
import java.util.Objects;

/**
 * Tells of an object, without making it, whether its JSON would be complete: by comparison with an
 * object whose JSON is. For the pods of one owner that takes a fraction of the work.
 *
 * <p>Both are walked side by side. It is so if they have the same fields one by one, and the values
 * that differ are such as can be written whatever they are, or are looked into. Runs of equal bytes
 * are compared at once, and only the lengths of the fields there are read. Not thread-safe.
 */
public final class Likeness {
  private final ProtoReader reader = new ProtoReader(JsonBuffer.NULL, 0, 0);
  private final ProtoReader modelReader = new ProtoReader(JsonBuffer.NULL, 0, 0);
  private final JsonBuffer buffer = new JsonBuffer(4 << 10);
  private final RawJson rawJson = new RawJson(buffer);

  private byte[] object = JsonBuffer.NULL;
  private int length;
  private byte[] model = JsonBuffer.NULL;

  /** Up to where in the object it goes on as the model does that many bytes further. */
  private int equalUntil;

  private int ahead;

  /**
   * @param newModel an object of that kind of which {@link JsonTranscoder#complete} was said
   * @param newObject begins with the object
   * @param newLength of the object
   * @return false if only {@link JsonTranscoder} can tell
   * @throws MalformedProtoException if the bytes are not an object of that kind
   */
  public boolean complete(JsonKind kind, byte[] newModel, byte[] newObject, int newLength) {
    model = newModel;
    object = newObject;
    length = newLength;
    equalUntil = -1;
    buffer.trim();
    MessageType type = kind.type();
    boolean complete = message(type, type.numbers(), 0, length, 0, model.length);
    object = JsonBuffer.NULL;
    model = JsonBuffer.NULL;
    return complete;
  }

  private boolean message(
      MessageType type, Numbers numbers, int start, int end, int modelStart, int modelEnd) {
    int at = start;
    int modelAt = modelStart;
    while (at < end && modelAt < modelEnd) {
      reader.reset(object, at, end);
      reader.next();
      int next = reader.valueEnd();
      int modelNext = next + modelAt - at;
      if (next > equalUntil(at, modelAt) || modelNext > modelEnd) {
        modelReader.reset(model, modelAt, modelEnd);
        modelReader.next();
        modelNext = modelReader.valueEnd();
        if (reader.field() != modelReader.field()
            || reader.wireType() != modelReader.wireType()
            || !value(type, numbers)) {
          return false;
        }
      }
      at = next;
      modelAt = modelNext;
    }
    return at == end && modelAt == modelEnd;
  }

  /** Up to where in the object both go on alike from two places. */
  private int equalUntil(int at, int modelAt) {
    if (modelAt - at != ahead || at > equalUntil) {
      int equal = Arrays.mismatch(object, at, length, model, modelAt, model.length);
      ahead = modelAt - at;
      equalUntil = equal < 0 ? length : at + equal;
    }
    return equalUntil;
  }

  /** The field that both have read. */
  private boolean value(MessageType type, Numbers numbers) {
    int code = numbers.code(reader.field());
    if (code < 0) {
      return code == Numbers.IGNORED;
    }
    if (code >= Numbers.FIRST_INLINED) {
      return reader.wireType() == ProtoReader.LENGTH_DELIMITED
          && message(type, numbers.inlined[code - Numbers.FIRST_INLINED]);
    }
    FieldType field = type.field(code);
    if (reader.wireType() != field.wireType()) {
      return false;
    }
    if (field.container == FieldType.MAP) {
      return field.type == FieldType.STRING && wellFormed();
    }
    return switch (field.type) {
      case FieldType.STRING, FieldType.BYTES -> true;
      case FieldType.BOOL, FieldType.INTEGER -> field.container == FieldType.SINGLE;
      case FieldType.MESSAGE -> {
        MessageType message = Objects.requireNonNull(field.message);
        yield message(message, message.numbers());
      }
      case FieldType.RAW -> json();
      case FieldType.INT_OR_STRING -> false;
      default -> wellFormed();
    };
  }

  private boolean message(MessageType type, Numbers numbers) {
    return message(
        type,
        numbers,
        reader.valueStart(),
        reader.valueEnd(),
        modelReader.valueStart(),
        modelReader.valueEnd());
  }

  /** Reads a message of which every field may have any value. */
  private boolean wellFormed() {
    reader.reset(object, reader.valueStart(), reader.valueEnd());
    while (reader.next()) {}
    return true;
  }

  private boolean json() {
    int start = reader.valueStart();
    int end = reader.valueEnd();
    int modelEnd = modelReader.valueEnd();
    reader.reset(object, start, end);
    modelReader.reset(model, modelReader.valueStart(), modelEnd);
    if (reader.next()
        && modelReader.next()
        && reader.valueEnd() == end
        && modelReader.valueEnd() == modelEnd
        && alikeJson()) {
      return true;
    }
    reader.reset(object, start, end);
    boolean valid = true;
    while (reader.next()) {
      valid &=
          reader.wireType() == ProtoReader.LENGTH_DELIMITED
              && reader.valueLength() > 0
              && !Envelope.isEnveloped(object, reader.valueStart(), reader.valueEnd())
              && rawJson.write(object, reader.valueStart(), reader.valueEnd(), 0) >= 0;
    }
    return valid;
  }

  /** Whether the field that both have read is JSON in the object since it is in the model. */
  private boolean alikeJson() {
    return reader.wireType() == ProtoReader.LENGTH_DELIMITED
        && modelReader.wireType() == ProtoReader.LENGTH_DELIMITED
        && reader.field() == modelReader.field()
        && reader.valueLength() > 0
        && modelReader.valueLength() > 0
        && model[modelReader.valueStart()] == '{'
        && AlikeJson.valid(
            object,
            reader.valueStart(),
            reader.valueEnd(),
            model,
            modelReader.valueStart(),
            modelReader.valueEnd());
  }
}
