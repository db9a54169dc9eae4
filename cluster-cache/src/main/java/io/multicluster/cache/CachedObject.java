package io.multicluster.cache;

import io.multicluster.wire.proto.Labels;
import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.selector.FieldSet;
import io.multicluster.wire.table.TableRow;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One state of one object: its bytes as they are served, with label and annotation of its cluster
 * and its minted resourceVersion in place, and beside them what it is found by. Immutable but for
 * the resourceVersion, which the sequencer sets once, before anybody else sees the object.
 */
abstract sealed class CachedObject implements FieldSet
    permits CachedPod, CachedEvent, CachedPlain, CachedJson {
  private final byte[] key;
  private final byte[] bytes;
  private final int resourceVersionAt;
  private final Origin origin;
  private final long memberVersion;
  private final Labels labels;
  private final @Nullable String ownerUid;
  private long resourceVersion;

  CachedObject(Parts parts) {
    this.key = parts.key;
    this.bytes = parts.bytes;
    this.resourceVersionAt = parts.resourceVersionAt;
    this.origin = parts.origin;
    this.memberVersion = parts.memberVersion;
    this.labels = parts.labels;
    this.ownerUid = parts.ownerUid;
  }

  /**
   * What all kinds of objects have.
   *
   * @param key see {@link ObjectKey}
   * @param bytes as served, with room for the minted resourceVersion
   * @param resourceVersionAt where in {@code bytes} its {@link HybridClock#DIGITS} digits stand
   * @param memberVersion the member's own resourceVersion
   * @param labels with that of the cluster
   * @param ownerUid of the managing owner; null if there is none
   */
  record Parts(
      byte[] key,
      byte[] bytes,
      int resourceVersionAt,
      Origin origin,
      long memberVersion,
      Labels labels,
      @Nullable String ownerUid) {}

  /** Called once, by the sequencer. */
  void mint(long minted) {
    resourceVersion = minted;
    writeDigits(bytes, minted);
  }

  byte[] key() {
    return key;
  }

  /** As served; not to be changed. */
  byte[] bytes() {
    return bytes;
  }

  /** As served, but under another resourceVersion: the last content of a deleted object. */
  byte[] bytes(long otherVersion) {
    if (otherVersion == resourceVersion) {
      return bytes;
    }
    byte[] copy = bytes.clone();
    writeDigits(copy, otherVersion);
    return copy;
  }

  long resourceVersion() {
    return resourceVersion;
  }

  Origin origin() {
    return origin;
  }

  String cluster() {
    return origin.cluster();
  }

  long memberVersion() {
    return memberVersion;
  }

  Labels labels() {
    return labels;
  }

  @Nullable String ownerUid() {
    return ownerUid;
  }

  String namespace() {
    return ObjectKey.namespace(key);
  }

  /**
   * @param namespace not empty
   */
  boolean inNamespace(String namespace) {
    int length = namespace.length();
    if (key.length <= length || key[length] != '/') {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (key[i] != namespace.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  String name() {
    return ObjectKey.name(key);
  }

  /** Bytes of memory that this state takes, roughly. */
  int footprint() {
    return bytes.length + key.length + 160;
  }

  /** Whether the two are equal but for the minted resourceVersion. */
  boolean sameContent(CachedObject other) {
    int at = resourceVersionAt;
    int behind = at + HybridClock.DIGITS;
    return memberVersion == other.memberVersion
        && at == other.resourceVersionAt
        && Arrays.equals(bytes, 0, at, other.bytes, 0, at)
        && Arrays.equals(bytes, behind, bytes.length, other.bytes, behind, other.bytes.length);
  }

  @Override
  public final String get(String field) {
    return switch (field) {
      case "metadata.name" -> name();
      case "metadata.namespace" -> namespace();
      default -> ownField(field);
    };
  }

  /** A field that only this kind has, in the stored spelling; empty if unknown. */
  abstract String ownField(String field);

  /** What a table shows of it. */
  abstract TableRow row(StringPool pool);

  /** Distinguishes a state from that of a later object of the same name. */
  abstract String uid();

  private void writeDigits(byte[] target, long minted) {
    long rest = minted;
    for (int i = resourceVersionAt + HybridClock.DIGITS - 1; i >= resourceVersionAt; i--) {
      target[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }

  @Override
  public String toString() {
    return namespace() + "/" + name() + "@" + cluster() + ":" + resourceVersion;
  }
}
