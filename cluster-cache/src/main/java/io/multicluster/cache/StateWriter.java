package io.multicluster.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Writes one file of a kind's state: records, each with its length and checksum in front. {@link
 * StateReader} reads it. Members and templates are told once in a file, before what refers to them.
 *
 * <p>What was written is in the file, and safe from the end of this process, once {@link #flush}
 * returns. Not thread-safe.
 */
final class StateWriter implements AutoCloseable {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final int FLUSH_AT = 1 << 20;

  private final FileChannel file;
  private final IdentityHashMap<Origin, Integer> members = new IdentityHashMap<>();
  private final IdentityHashMap<Whole, Integer> templates = new IdentityHashMap<>();
  private final CRC32C checksum = new CRC32C();
  private byte[] buffer = new byte[64 * 1024];
  private int length;
  private int recordStart;
  private long written;

  /**
   * @param path of a file that is made anew, for its owner only
   * @param about what the records are about; a reader that expects something else refuses them
   * @param position the state's resourceVersion where the records begin
   */
  StateWriter(Path path, String about, long position) throws IOException {
    this.file =
        FileChannel.open(
            path,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    beginRecord(StateRecord.BEGIN);
    text(about);
    number(position);
    endRecord();
  }

  /** An object as it is from its resourceVersion on. */
  void put(CachedObject object) throws IOException {
    int member = member(object.origin());
    Content content = object.content();
    int template =
        switch (content) {
          case Whole whole -> template(whole);
          case Delta delta -> template(delta.template());
        };
    beginRecord(content instanceof Delta ? StateRecord.DELTA : StateRecord.WHOLE);
    number(object.resourceVersion());
    number(object.memberVersion());
    number(member);
    number(template);
    if (content instanceof Delta delta) {
      number(delta.size());
      bytes(delta.steps());
    }
    endRecord();
  }

  void delete(long resourceVersion, long memberVersion, byte[] key) throws IOException {
    beginRecord(StateRecord.DELETE);
    number(resourceVersion);
    number(memberVersion);
    bytes(key);
    endRecord();
  }

  /** How a member stands from here on. */
  void member(Recovered.MemberPosition member) throws IOException {
    int number = member(member.origin());
    beginRecord(StateRecord.POSITION);
    number(number);
    number(member.position());
    number(member.left() ? 1 : 0);
    endRecord();
  }

  /** Nothing follows. */
  void end() throws IOException {
    beginRecord(StateRecord.END);
    endRecord();
    flush();
  }

  /** Brings what was flushed to the disk itself. */
  void force() throws IOException {
    file.force(true);
  }

  /** Bytes so far. */
  long size() {
    return written + length;
  }

  void flush() throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(buffer, 0, length);
    while (rest.hasRemaining()) {
      file.write(rest);
    }
    written += length;
    length = 0;
  }

  /** Drops what was not flushed. */
  @Override
  public void close() throws IOException {
    file.close();
  }

  private int member(Origin origin) throws IOException {
    Integer known = members.get(origin);
    if (known != null) {
      return known;
    }
    int number = members.size();
    members.put(origin, number);
    beginRecord(StateRecord.MEMBER);
    text(origin.member().name());
    text(origin.member().uid());
    endRecord();
    return number;
  }

  private int template(Whole template) throws IOException {
    Integer known = templates.get(template);
    if (known != null) {
      return known;
    }
    int number = templates.size();
    templates.put(template, number);
    beginRecord(StateRecord.TEMPLATE);
    bytes(template.bytes());
    endRecord();
    return number;
  }

  private void beginRecord(StateRecord type) {
    recordStart = length;
    ensure(StateRecord.HEAD + 1);
    length += StateRecord.HEAD;
    buffer[length++] = type.code();
  }

  private void endRecord() throws IOException {
    int start = recordStart + StateRecord.HEAD;
    checksum.reset();
    checksum.update(buffer, start, length - start);
    INT.set(buffer, recordStart, length - start);
    INT.set(buffer, recordStart + Integer.BYTES, (int) checksum.getValue());
    if (length >= FLUSH_AT) {
      flush();
    }
  }

  private void number(long value) {
    ensure(Long.BYTES);
    LONG.set(buffer, length, value);
    length += Long.BYTES;
  }

  private void text(String text) {
    bytes(text.getBytes(UTF_8));
  }

  private void bytes(byte[] bytes) {
    number(bytes.length);
    ensure(bytes.length);
    System.arraycopy(bytes, 0, buffer, length, bytes.length);
    length += bytes.length;
  }

  private void ensure(int more) {
    if (length + more > buffer.length) {
      buffer = Arrays.copyOf(buffer, Math.max(2 * buffer.length, length + more));
    }
  }
}
