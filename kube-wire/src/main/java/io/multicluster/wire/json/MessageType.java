package io.multicluster.wire.json;

import io.multicluster.wire.proto.EventRenumbering;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * How one kind of message is written as JSON: its fields in the order of JSON, those of messages
 * that are inlined in JSON among them, and the way from field numbers to them.
 */
final class MessageType {
  /** Fields are counted in a {@code long}. */
  static final int MAX_FIELDS = Long.SIZE;

  final String name;
  private FieldType[] fields = {};
  private Numbers numbers = new Numbers();
  private long always;

  MessageType(String name) {
    this.name = name;
  }

  /**
   * Where the fields of one wire message go: the numbers of this message, or of one that is inlined
   * in it.
   */
  static final class Numbers {
    static final byte UNKNOWN = -1;

    /** Known, but not in JSON. */
    static final byte IGNORED = -2;

    /** Codes from here on, upwards, are inlined messages. */
    static final byte FIRST_INLINED = MAX_FIELDS;

    byte[] codes = {};
    Numbers[] inlined = {};

    /**
     * The index among the fields, {@link #UNKNOWN}, {@link #IGNORED}, or {@link #FIRST_INLINED}
     * plus the index among {@link #inlined}.
     */
    int code(int number) {
      return number < codes.length ? codes[number] : UNKNOWN;
    }

    private void set(int number, int code) {
      if (number >= codes.length) {
        int length = codes.length;
        codes = Arrays.copyOf(codes, number + 1);
        Arrays.fill(codes, length, codes.length, UNKNOWN);
      }
      if (codes[number] != UNKNOWN) {
        throw new IllegalStateException("two fields with number " + number);
      }
      codes[number] = (byte) code;
    }

    private void add(int number, Numbers message) {
      set(number, FIRST_INLINED + inlined.length);
      inlined = Arrays.copyOf(inlined, inlined.length + 1);
      inlined[inlined.length - 1] = message;
    }
  }

  /** Collects the fields of a message in the order of JSON. */
  static final class Builder {
    private final List<FieldType> fields;
    private final Numbers numbers = new Numbers();

    Builder() {
      this(new ArrayList<>());
    }

    private Builder(List<FieldType> fields) {
      this.fields = fields;
    }

    void field(FieldType field) {
      numbers.set(field.number, fields.size());
      fields.add(field);
    }

    void ignored(int number) {
      numbers.set(number, Numbers.IGNORED);
    }

    /** Starts a message whose fields stand among this one's in JSON. */
    Builder inlined(int number) {
      Builder inlined = new Builder(fields);
      numbers.add(number, inlined.numbers);
      return inlined;
    }

    void build(MessageType target) {
      if (fields.size() > MAX_FIELDS) {
        throw new IllegalStateException(
            target.name + " has " + fields.size() + " fields, more than " + MAX_FIELDS);
      }
      if (Set.copyOf(fields.stream().map(field -> field.jsonName).toList()).size()
          != fields.size()) {
        throw new IllegalStateException(target.name + " has two fields of one name");
      }
      target.fields = fields.toArray(FieldType[]::new);
      target.numbers = numbers;
      for (int i = 0; i < target.fields.length; i++) {
        if (target.fields[i].always) {
          target.always |= 1L << i;
        }
      }
    }
  }

  int size() {
    return fields.length;
  }

  FieldType field(int index) {
    return fields[index];
  }

  Numbers numbers() {
    return numbers;
  }

  /** A bit for each field that is written even if it is not on the wire. */
  long always() {
    return always;
  }

  /** The index of a field; throws if there is none. */
  int indexOf(String jsonName) {
    for (int i = 0; i < fields.length; i++) {
      if (fields[i].jsonName.equals(jsonName)) {
        return i;
      }
    }
    throw new IllegalArgumentException(name + " has no field " + jsonName);
  }

  /** The same JSON, out of messages that have the numbers of the other version of an Event. */
  MessageType from(EventRenumbering renumbering) {
    MessageType copy = new MessageType(name);
    copy.fields = fields;
    copy.always = always;
    for (int number = 1; number < numbers.codes.length; number++) {
      copy.numbers.set(number, numbers.code(renumbering.renumber(number)));
    }
    return copy;
  }

  /** The same JSON of the fields that are known, without counting any other. */
  void ignoreUpTo(int number) {
    for (int i = 1; i <= number; i++) {
      if (numbers.code(i) == Numbers.UNKNOWN) {
        numbers.set(i, Numbers.IGNORED);
      }
    }
  }
}
