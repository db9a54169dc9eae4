package io.multicluster.testclusters.simulated;

import io.multicluster.testclusters.simulated.Schema.Message;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The protobuf bytes of an object with holes in it. Many objects that differ only in a few strings
 * and times of fixed width are then one array and a handful of numbers each.
 *
 * <p>A hole is found by what stands in it when the template is made: a text or a time that occurs
 * nowhere else. It is filled with exactly as many bytes.
 */
final class Template {
  private final byte[] bytes;
  private final List<Hole> holes;

  /** What a hole is filled with. */
  record Slot(int id, byte[] placeholder) {
    static Slot text(int id, String placeholder) {
      return new Slot(id, placeholder.getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * The placeholder is a time of seconds that need five bytes, as all after 1978 and before 3058
     * do.
     */
    static Slot time(int id, String placeholder) {
      return new Slot(id, varint(Instant.parse(placeholder).getEpochSecond()));
    }
  }

  private record Hole(int id, int offset) {}

  private Template(byte[] bytes, List<Hole> holes) {
    this.bytes = bytes;
    this.holes = holes;
  }

  static Template of(Message message, String json, List<Slot> slots) {
    byte[] bytes =
        ProtobufCodec.encode(
            message,
            Canonical.of(message, Json.requireObject(Json.trusted(json), "a template")).object());
    List<Hole> holes = new ArrayList<>();
    for (Slot slot : slots) {
      byte[] wanted = slot.placeholder();
      for (int at = 0; at <= bytes.length - wanted.length; at++) {
        if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
          holes.add(new Hole(slot.id(), at));
        }
      }
    }
    return new Template(bytes, List.copyOf(holes));
  }

  static byte[] varint(long value) {
    ProtobufCodec.Writer out = new ProtobufCodec.Writer();
    out.varint(value);
    return out.toByteArray();
  }

  int length() {
    return bytes.length;
  }

  /** Writes the content of one hole. */
  @FunctionalInterface
  interface Filler {
    /**
     * @param slot the id of what belongs there
     * @param at where it starts in {@code out}
     */
    void fill(int slot, byte[] out, int at);
  }

  byte[] render(Filler filler) {
    byte[] out = bytes.clone();
    for (Hole hole : holes) {
      filler.fill(hole.id(), out, hole.offset());
    }
    return out;
  }
}
