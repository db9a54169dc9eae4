package io.multicluster.cache;

import io.multicluster.wire.proto.Labels;
import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.selector.FieldSet;
import io.multicluster.wire.table.TableRow;
import io.netty.buffer.ByteBuf;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One state of one object: its content as it is served, with label and annotation of its cluster,
 * and beside it what it is found by. Immutable but for the minted resourceVersion, which the
 * sequencer sets once, before anybody else sees the object.
 */
abstract sealed class CachedObject implements FieldSet
    permits CachedPod, CachedEvent, CachedPlain, CachedJson {
  private final byte[] key;
  private final Content content;
  private final int resourceVersionAt;
  private final Origin origin;
  private final long memberVersion;

  /** A {@link UUID}, which takes a third of the memory of its text, or what else it is. */
  private final Object uid;

  private final Labels labels;
  private final @Nullable String ownerUid;
  private long resourceVersion;

  CachedObject(Parts parts) {
    this.key = parts.key;
    this.content = parts.content;
    this.resourceVersionAt = parts.resourceVersionAt;
    this.origin = parts.origin;
    this.memberVersion = parts.memberVersion;
    this.uid = compact(parts.uid);
    this.labels = parts.labels;
    this.ownerUid = parts.ownerUid;
  }

  /**
   * What all kinds of objects have.
   *
   * @param key see {@link ObjectKey}
   * @param content as served, with room for the minted resourceVersion
   * @param resourceVersionAt where in the content its {@link HybridClock#DIGITS} digits stand
   * @param memberVersion the member's own resourceVersion
   * @param uid distinguishes it from a later object of the same name
   * @param labels with that of the cluster
   * @param ownerUid of the managing owner; null if there is none
   */
  record Parts(
      byte[] key,
      Content content,
      int resourceVersionAt,
      Origin origin,
      long memberVersion,
      String uid,
      Labels labels,
      @Nullable String ownerUid) {}

  /** Called once, by the sequencer. */
  void mint(long minted) {
    resourceVersion = minted;
  }

  byte[] key() {
    return key;
  }

  Content content() {
    return content;
  }

  /** As served, in an array of the caller's own. */
  byte[] bytes() {
    return bytes(resourceVersion);
  }

  /** As served, but under another resourceVersion: the last content of a deleted object. */
  byte[] bytes(long otherVersion) {
    byte[] bytes = new byte[content.size()];
    copyTo(bytes, otherVersion);
    return bytes;
  }

  /** Writes it to the front of an array as it is served under that resourceVersion. */
  void copyTo(byte[] target, long servedVersion) {
    content.copyTo(target);
    long rest = servedVersion;
    for (int i = resourceVersionAt + HybridClock.DIGITS - 1; i >= resourceVersionAt; i--) {
      target[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }

  /** Appends it as served. */
  void writeTo(ByteBuf out) {
    int start = out.writerIndex() + resourceVersionAt;
    content.writeTo(out);
    long rest = resourceVersion;
    for (int i = start + HybridClock.DIGITS - 1; i >= start; i--) {
      out.setByte(i, (int) ('0' + rest % 10));
      rest /= 10;
    }
  }

  /** Of its bytes as served. */
  int size() {
    return content.size();
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
    return content.footprint() + key.length + 160;
  }

  /** Whether the two are equal but for the minted resourceVersion. */
  boolean sameContent(CachedObject other) {
    return memberVersion == other.memberVersion && content.sameAs(other.content);
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

  /** Whether the two are states of one object, not of two that had the same name. */
  boolean sameIdentity(CachedObject other) {
    return origin == other.origin && uid.equals(other.uid);
  }

  String uid() {
    return uid.toString();
  }

  private static Object compact(String uid) {
    try {
      UUID compact = UUID.fromString(uid);
      return compact.toString().equals(uid) ? compact : uid;
    } catch (IllegalArgumentException e) {
      return uid;
    }
  }

  @Override
  public String toString() {
    return namespace() + "/" + name() + "@" + cluster() + ":" + resourceVersion;
  }
}
