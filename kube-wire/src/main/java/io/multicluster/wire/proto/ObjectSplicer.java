package io.multicluster.wire.proto;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites an object's metadata without decoding the object: finds the few places that change, then
 * copies everything else once, byte for byte, into the target. Unknown fields of newer members pass
 * through.
 *
 * <p>Use: one of the planning methods ({@link #serve}, {@link #serveMetadata}, {@link #restore},
 * {@link #withoutManagedFields}), then any of the writing methods, any number of times. The plan
 * refers to the object's array, which must stay unchanged until the next plan.
 *
 * <p>Reusable, allocates nothing in a steady state, not thread-safe: one per event loop or cursor.
 * Planning methods throw {@link MalformedProtoException} if the object's bytes are not a message.
 */
public final class ObjectSplicer {
  private static final int METADATA = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int LIST_ITEM_TAG = 2 << 3 | LENGTH_DELIMITED;
  private static final int RESOURCE_VERSION_TAG =
      ObjectMeta.RESOURCE_VERSION << 3 | LENGTH_DELIMITED;
  private static final byte[] EMPTY = new byte[0];
  // Every tag of one byte, each at its own index, to be used as pieces.
  private static final byte[] TAGS = new byte[128];

  static {
    for (int tag = 0; tag < TAGS.length; tag++) {
      TAGS[tag] = (byte) tag;
    }
  }

  // One reader for each level of nesting that is looked into.
  private final ProtoReader fields = new ProtoReader(EMPTY);
  private final ProtoReader metadataFields = new ProtoReader(EMPTY);
  private final ProtoReader entryFields = new ProtoReader(EMPTY);

  // The plan: pieces of arrays, in the order of writing.
  private byte[][] sources = new byte[24][];
  private int[] froms = new int[24];
  private int[] tos = new int[24];
  private int pieces;
  private int size;

  // What the plan's metadata shall be.
  private final byte[] metadataHead = new byte[1 + 10];
  private byte[] resourceVersionField = new byte[32];
  private int resourceVersionSize;
  private boolean setResourceVersion;
  private @Nullable ClusterMark mark;
  private boolean unmark;
  private boolean dropManagedFields;

  // For renumbering: where the fields of an Event lie, by their new number.
  private final int[] fieldTags = new int[EventRenumbering.FIELDS + 1];
  private final int[] fieldStarts = new int[EventRenumbering.FIELDS + 1];
  private final int[] fieldEnds = new int[EventRenumbering.FIELDS + 1];

  /**
   * Plans the object as a client gets it: with the given resourceVersion, and label and annotation
   * of {@code mark} at their sorted places, replacing what was there.
   *
   * @param resourceVersion positive
   */
  public ObjectSplicer serve(
      byte[] object, int start, int end, long resourceVersion, ClusterMark mark) {
    begin(resourceVersion, mark);
    planObject(object, start, end);
    return this;
  }

  /** Like {@link #serve}, for an Event that is wanted in the other of its two versions. */
  public ObjectSplicer serveRenumbered(
      byte[] object,
      int start,
      int end,
      long resourceVersion,
      ClusterMark mark,
      EventRenumbering renumbering) {
    begin(resourceVersion, mark);
    planRenumbered(object, start, end, renumbering);
    return this;
  }

  /** Plans an Event in the other of its two versions and otherwise unchanged. */
  public ObjectSplicer renumbered(byte[] object, int start, int end, EventRenumbering renumbering) {
    reset();
    planRenumbered(object, start, end, renumbering);
    return this;
  }

  /** Like {@link #serve}, of the metadata alone: a {@code meta.k8s.io PartialObjectMetadata}. */
  public ObjectSplicer serveMetadata(
      byte[] object, int start, int end, long resourceVersion, ClusterMark mark) {
    begin(resourceVersion, mark);
    ProtoReader r = fields;
    r.reset(object, start, end);
    int metadataStart = end;
    int metadataEnd = end;
    while (r.next()) {
      if (r.field() == METADATA) {
        r.expectLengthDelimited();
        metadataStart = r.valueStart();
        metadataEnd = r.valueEnd();
        break;
      }
    }
    planMetadata(object, metadataStart, metadataEnd);
    return this;
  }

  /**
   * Plans the object as it goes back to its member: without the label and annotation that {@link
   * #serve} added.
   *
   * @param resourceVersion what the member takes as precondition, empty for none; null leaves the
   *     object's own
   */
  public ObjectSplicer restore(
      byte[] object, int start, int end, @Nullable String resourceVersion) {
    reset();
    unmark = true;
    if (resourceVersion != null) {
      byte[] text = resourceVersion.getBytes(StandardCharsets.UTF_8);
      if (resourceVersionField.length < text.length + 6) {
        resourceVersionField = new byte[text.length + 6];
      }
      resourceVersionField[0] = RESOURCE_VERSION_TAG;
      int at = ProtoWriter.putVarint(resourceVersionField, 1, text.length);
      System.arraycopy(text, 0, resourceVersionField, at, text.length);
      resourceVersionSize = at + text.length;
      setResourceVersion = true;
    }
    planObject(object, start, end);
    return this;
  }

  /** Plans the object without {@code metadata.managedFields} and otherwise unchanged. */
  public ObjectSplicer withoutManagedFields(byte[] object, int start, int end) {
    reset();
    dropManagedFields = true;
    planObject(object, start, end);
    return this;
  }

  /** Bytes of the planned object, bare. */
  public int size() {
    return size;
  }

  /** Bytes of the planned object as an item of a list. */
  public int itemSize() {
    return 1 + ProtoWriter.varintSize(size) + size;
  }

  /** Writes the bare object. */
  public void write(ByteBuf out) {
    out.ensureWritable(size);
    for (int i = 0; i < pieces; i++) {
      out.writeBytes(sources[i], froms[i], tos[i] - froms[i]);
    }
  }

  /** Writes the object as the field {@code items} of a list: {@link #itemSize} bytes. */
  public void writeItem(ByteBuf out) {
    out.ensureWritable(itemSize());
    out.writeByte(LIST_ITEM_TAG);
    ProtoWriter.writeVarint(out, size);
    write(out);
  }

  /** Writes the object as a body of its own. */
  public void writeEnveloped(ByteBuf out, Envelope envelope) {
    envelope.writeHead(out, size);
    write(out);
    envelope.writeTail(out);
  }

  /** Writes the object as a frame of a watch, length included. */
  public void writeWatchFrame(ByteBuf out, WatchEventType type, Envelope envelope) {
    WatchFrames.writeHead(out, type, envelope.size(size));
    writeEnveloped(out, envelope);
  }

  /** The planned object, bare. */
  public byte[] toByteArray() {
    byte[] target = new byte[size];
    write(target);
    return target;
  }

  /** Writes the bare object to the front of an array. */
  public void write(byte[] target) {
    int at = 0;
    for (int i = 0; i < pieces; i++) {
      int length = tos[i] - froms[i];
      System.arraycopy(sources[i], froms[i], target, at, length);
      at += length;
    }
  }

  private void reset() {
    pieces = 0;
    size = 0;
    setResourceVersion = false;
    mark = null;
    unmark = false;
    dropManagedFields = false;
  }

  private void begin(long resourceVersion, ClusterMark newMark) {
    reset();
    if (resourceVersion <= 0) {
      throw new IllegalArgumentException("resourceVersion " + resourceVersion);
    }
    int digits = 1;
    for (long rest = resourceVersion / 10; rest != 0; rest /= 10) {
      digits++;
    }
    resourceVersionField[0] = RESOURCE_VERSION_TAG;
    resourceVersionField[1] = (byte) digits;
    long rest = resourceVersion;
    for (int i = 1 + digits; i > 1; i--) {
      resourceVersionField[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    resourceVersionSize = 2 + digits;
    setResourceVersion = true;
    mark = newMark;
  }

  private void planObject(byte[] object, int start, int end) {
    ProtoReader r = fields;
    r.reset(object, start, end);
    while (r.next()) {
      if (r.field() == METADATA) {
        r.expectLengthDelimited();
        piece(object, start, r.fieldStart());
        planMetadata(object, r.valueStart(), r.valueEnd());
        piece(object, r.valueEnd(), end);
        return;
      }
    }
    planMetadata(EMPTY, 0, 0);
    piece(object, start, end);
  }

  private void planRenumbered(byte[] object, int start, int end, EventRenumbering renumbering) {
    Arrays.fill(fieldTags, 0);
    int metadataStart = end;
    int metadataEnd = end;
    ProtoReader r = fields;
    r.reset(object, start, end);
    while (r.next()) {
      if (r.field() == METADATA) {
        r.expectLengthDelimited();
        metadataStart = r.valueStart();
        metadataEnd = r.valueEnd();
      } else if (r.field() <= EventRenumbering.FIELDS) {
        int number = renumbering.renumber(r.field());
        fieldTags[number] = number << 3 | r.wireType();
        fieldStarts[number] = r.tagEnd();
        fieldEnds[number] = r.valueEnd();
      }
    }
    planMetadata(object, metadataStart, metadataEnd);
    for (int number = METADATA + 1; number <= EventRenumbering.FIELDS; number++) {
      int tag = fieldTags[number];
      if (tag != 0) {
        piece(TAGS, tag, tag + 1);
        piece(object, fieldStarts[number], fieldEnds[number]);
      }
    }
    r.reset(object, start, end);
    while (r.next()) {
      if (r.field() > EventRenumbering.FIELDS) {
        piece(object, r.fieldStart(), r.valueEnd());
      }
    }
  }

  /** Plans field 1 of an object: tag, length and the changed content. */
  private void planMetadata(byte[] bytes, int start, int end) {
    int head = pieces;
    piece(metadataHead, 0, metadataHead.length); // its length is known at the end
    size -= metadataHead.length;
    int before = size;
    byte[] label = mark == null ? null : mark.labelField();
    byte[] annotation = mark == null ? null : mark.annotationField();
    boolean clean = mark != null || unmark;
    boolean resourceVersionDue = setResourceVersion;
    int copied = start;
    ProtoReader r = metadataFields;
    r.reset(bytes, start, end);
    while (r.next()) {
      int field = r.field();
      int at = r.fieldStart();
      if (field < ObjectMeta.RESOURCE_VERSION) {
        continue;
      }
      if (resourceVersionDue) {
        piece(bytes, copied, at);
        copied = at;
        piece(resourceVersionField, 0, resourceVersionSize);
        resourceVersionDue = false;
      }
      int labelOrder = 1;
      int annotationOrder = 1;
      if (field == ObjectMeta.LABELS && clean) {
        labelOrder = compareKey(r, ClusterMark.LABEL_KEY);
      } else if (field == ObjectMeta.ANNOTATIONS && clean) {
        annotationOrder = compareKey(r, ClusterMark.ANNOTATION_KEY);
      }
      if (label != null && field >= ObjectMeta.LABELS && labelOrder >= 0) {
        piece(bytes, copied, at);
        copied = at;
        piece(label, 0, label.length);
        label = null;
      }
      if (annotation != null && field >= ObjectMeta.ANNOTATIONS && annotationOrder >= 0) {
        piece(bytes, copied, at);
        copied = at;
        piece(annotation, 0, annotation.length);
        annotation = null;
      }
      if (labelOrder == 0
          || annotationOrder == 0
          || (field == ObjectMeta.RESOURCE_VERSION && setResourceVersion)
          || (field == ObjectMeta.MANAGED_FIELDS && dropManagedFields)) {
        piece(bytes, copied, at);
        copied = r.valueEnd();
      }
    }
    piece(bytes, copied, end);
    if (resourceVersionDue) {
      piece(resourceVersionField, 0, resourceVersionSize);
    }
    if (label != null) {
      piece(label, 0, label.length);
    }
    if (annotation != null) {
      piece(annotation, 0, annotation.length);
    }
    metadataHead[0] = METADATA << 3 | LENGTH_DELIMITED;
    tos[head] = ProtoWriter.putVarint(metadataHead, 1, size - before);
    size += tos[head];
  }

  /** The order of a map entry's key and {@code key}: negative, zero or positive. */
  private int compareKey(ProtoReader entry, byte[] key) {
    entry.expectLengthDelimited();
    int start = 0;
    int end = 0;
    ProtoReader r = entryFields;
    r.reset(entry.bytes(), entry.valueStart(), entry.valueEnd());
    while (r.next()) {
      if (r.field() == 1) {
        r.expectLengthDelimited();
        start = r.valueStart();
        end = r.valueEnd();
      }
    }
    return Arrays.compareUnsigned(r.bytes(), start, end, key, 0, key.length);
  }

  private void piece(byte[] source, int from, int to) {
    if (from == to) {
      return;
    }
    if (pieces == sources.length) {
      sources = Arrays.copyOf(sources, 2 * pieces);
      froms = Arrays.copyOf(froms, 2 * pieces);
      tos = Arrays.copyOf(tos, 2 * pieces);
    }
    sources[pieces] = source;
    froms[pieces] = from;
    tos[pieces] = to;
    pieces++;
    size += to - from;
  }
}
