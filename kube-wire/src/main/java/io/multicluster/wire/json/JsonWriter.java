package io.multicluster.wire.json;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Composes compact JSON in memory, with strings escaped and times formed as kube-apiserver does.
 * Commas and colons come by themselves; whether names, values and brackets fit together is the
 * caller's business.
 *
 * <p>A long body is written in parts: {@link #drainTo} may be called anywhere. Reusable, not
 * thread-safe.
 */
public final class JsonWriter {
  private final JsonBuffer buffer;
  private int position;

  /** Whether something stands before, in the same object or array, that needs a comma behind it. */
  private boolean comma;

  /** For bodies of any size, one after the other. */
  public JsonWriter() {
    buffer = new JsonBuffer();
  }

  /**
   * @param expectedSize of the largest body, in bytes; more is possible
   */
  public JsonWriter(int expectedSize) {
    buffer = new JsonBuffer(expectedSize + JsonBuffer.SLACK);
  }

  public JsonWriter beginObject() {
    return open('{');
  }

  public JsonWriter endObject() {
    return close('}');
  }

  public JsonWriter beginArray() {
    return open('[');
  }

  public JsonWriter endArray() {
    return close(']');
  }

  /** Writes a member's name; its value is to follow. */
  public JsonWriter name(String name) {
    value(name);
    buffer.bytes[position++] = ':';
    comma = false;
    return this;
  }

  public JsonWriter value(String value) {
    separate();
    byte[] text = value.getBytes(StandardCharsets.UTF_8);
    position = buffer.string(text, 0, text.length, position);
    return this;
  }

  public JsonWriter value(long value) {
    separate();
    position = buffer.number(value, position);
    return this;
  }

  public JsonWriter value(boolean value) {
    separate();
    position = buffer.bool(value, position);
    return this;
  }

  public JsonWriter nullValue() {
    return json(JsonBuffer.NULL);
  }

  /**
   * Writes a {@code metav1.Time}: UTC, whole seconds.
   *
   * @param seconds since 1970; null is written as {@code null}
   */
  public JsonWriter time(@Nullable Long seconds) {
    if (seconds == null) {
      return nullValue();
    }
    separate();
    position = buffer.time(seconds, position);
    return this;
  }

  /**
   * Writes a {@code metav1.MicroTime}: UTC, six digits of a second.
   *
   * @param micros of the second, 0 to 999,999
   */
  public JsonWriter microTime(long seconds, int micros) {
    separate();
    position = buffer.microTime(seconds, micros, position);
    return this;
  }

  /** Writes a value that is JSON already. */
  public JsonWriter json(byte[] value) {
    return json(value, 0, value.length);
  }

  /** Writes a value that is JSON already. */
  public JsonWriter json(byte[] source, int start, int end) {
    separate();
    position = buffer.raw(source, start, end, position);
    return this;
  }

  /** Writes an object whose members are there as JSON, in two parts, the brace in the second. */
  void object(byte[] front, int frontEnd, byte[] rest, int restStart, int restEnd) {
    separate();
    buffer.bytes[position++] = '{';
    position = buffer.raw(front, 0, frontEnd, position);
    position = buffer.raw(rest, restStart, restEnd, position);
  }

  /** Bytes that are waiting to be drained. */
  public int size() {
    return position;
  }

  /** Moves what was written so far into {@code out}. */
  public void drainTo(ByteBuf out) {
    out.writeBytes(buffer.bytes, 0, position);
    position = 0;
    buffer.trim();
  }

  /** What was written since the last {@link #drainTo} or {@link #reset}. */
  public byte[] toByteArray() {
    return Arrays.copyOf(buffer.bytes, position);
  }

  /** Forgets what was written, for the next body. */
  public void reset() {
    position = 0;
    comma = false;
    buffer.trim();
  }

  private JsonWriter open(char bracket) {
    separate();
    buffer.bytes[position++] = (byte) bracket;
    comma = false;
    return this;
  }

  private JsonWriter close(char bracket) {
    buffer.ensure(position, 1);
    buffer.bytes[position++] = (byte) bracket;
    comma = true;
    return this;
  }

  /** Writes the comma before a name or value; the next one gets its own. */
  private void separate() {
    buffer.ensure(position, 1);
    if (comma) {
      buffer.bytes[position++] = ',';
    }
    comma = true;
  }
}
