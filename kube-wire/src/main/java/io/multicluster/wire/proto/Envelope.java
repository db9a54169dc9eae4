package io.multicluster.wire.proto;

import io.netty.buffer.ByteBuf;

/**
 * What Kubernetes wraps around a protobuf body: four magic bytes and a {@code runtime.Unknown} with
 * apiVersion, kind and the object's own bytes. One instance per kind, made once: its head is
 * prepared. Immutable.
 */
public final class Envelope {
  /** {@code k8s} and NUL: the first four bytes of a body, big-endian. */
  static final int MAGIC = 0x6b387300;

  static final int MAGIC_SIZE = 4;

  private static final int TYPE_META = 1;
  private static final int RAW = 2;
  private static final int RAW_TAG = RAW << 3 | 2;
  // contentEncoding and contentType, both empty: kube-apiserver always writes them.
  private static final byte[] TAIL = {0x1a, 0, 0x22, 0};

  private final String apiVersion;
  private final String kind;
  private final byte[] head;

  /**
   * @param apiVersion such as {@code v1} or {@code events.k8s.io/v1}
   */
  public Envelope(String apiVersion, String kind) {
    this.apiVersion = apiVersion;
    this.kind = kind;
    byte[] magic = {'k', '8', 's', 0};
    this.head =
        new ProtoWriter()
            .raw(magic, 0, magic.length)
            .message(TYPE_META, new ProtoWriter().string(1, apiVersion).string(2, kind))
            .raw(new byte[] {RAW_TAG}, 0, 1)
            .toByteArray();
  }

  public String apiVersion() {
    return apiVersion;
  }

  public String kind() {
    return kind;
  }

  /** Size of the whole body around an object of {@code rawSize} bytes. Lists may exceed 2 GiB. */
  public long size(long rawSize) {
    return head.length + ProtoWriter.varintSize(rawSize) + rawSize + TAIL.length;
  }

  /** Writes all that comes before an object, of which then exactly {@code rawSize} bytes follow. */
  public void writeHead(ByteBuf out, long rawSize) {
    out.writeBytes(head);
    ProtoWriter.writeVarint(out, rawSize);
  }

  /** Writes what comes behind the object. */
  public void writeTail(ByteBuf out) {
    out.writeBytes(TAIL);
  }

  /** Writes a whole body. */
  public void write(ByteBuf out, byte[] bytes, int rawStart, int rawEnd) {
    writeHead(out, rawEnd - rawStart);
    out.writeBytes(bytes, rawStart, rawEnd - rawStart);
    writeTail(out);
  }

  /** Whether the bytes begin as an enveloped body does. */
  public static boolean isEnveloped(byte[] bytes, int start, int end) {
    return end - start >= MAGIC_SIZE
        && bytes[start] == 'k'
        && bytes[start + 1] == '8'
        && bytes[start + 2] == 's'
        && bytes[start + 3] == 0;
  }

  /**
   * Reads a whole body.
   *
   * @throws MalformedProtoException if it lacks the magic or is cut off
   */
  public static Content open(byte[] bytes, int start, int end) {
    if (!isEnveloped(bytes, start, end)) {
      throw new MalformedProtoException("a body without the magic bytes of Kubernetes protobuf");
    }
    String apiVersion = "";
    String kind = "";
    int rawStart = end;
    int rawEnd = end;
    ProtoReader unknown = new ProtoReader(bytes, start + MAGIC_SIZE, end);
    while (unknown.next()) {
      switch (unknown.field()) {
        case TYPE_META -> {
          ProtoReader typeMeta = unknown.message();
          while (typeMeta.next()) {
            switch (typeMeta.field()) {
              case 1 -> apiVersion = typeMeta.string();
              case 2 -> kind = typeMeta.string();
              default -> {}
            }
          }
        }
        case RAW -> {
          unknown.expectLengthDelimited();
          rawStart = unknown.valueStart();
          rawEnd = unknown.valueEnd();
        }
        default -> {}
      }
    }
    return new Content(apiVersion, kind, rawStart, rawEnd);
  }

  /**
   * What is in an envelope.
   *
   * @param apiVersion empty if absent
   * @param kind empty if absent
   * @param rawStart where the object's message starts in the array given to {@link #open}
   * @param rawEnd where it ends, exclusive
   */
  public record Content(String apiVersion, String kind, int rawStart, int rawEnd) {}
}
