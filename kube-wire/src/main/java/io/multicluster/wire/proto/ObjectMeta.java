package io.multicluster.wire.proto;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What of an object's metadata is needed to find, select and order it. Strings are empty where the
 * object has none.
 *
 * @param creationSeconds seconds since 1970; {@link #NO_TIME} if there is none
 * @param deleting whether deletionTimestamp is set
 */
public record ObjectMeta(
    String name,
    String namespace,
    String uid,
    String resourceVersion,
    long creationSeconds,
    boolean deleting,
    Labels labels,
    List<OwnerReference> owners) {
  /** A time that is not set. */
  public static final long NO_TIME = Long.MIN_VALUE;

  static final int NAME = 1;
  static final int NAMESPACE = 3;
  static final int UID = 5;
  static final int RESOURCE_VERSION = 6;
  static final int CREATION_TIMESTAMP = 8;
  static final int DELETION_TIMESTAMP = 9;
  static final int LABELS = 11;
  static final int ANNOTATIONS = 12;
  static final int OWNER_REFERENCES = 13;
  static final int MANAGED_FIELDS = 17;

  public ObjectMeta {
    owners = List.copyOf(owners);
  }

  /**
   * An owner of an object.
   *
   * @param controller whether it is the one that manages the object; at most one is
   */
  public record OwnerReference(
      String apiVersion, String kind, String name, String uid, boolean controller) {}

  /** The managing owner, such as a pod's ReplicaSet. */
  public @Nullable OwnerReference controller() {
    for (OwnerReference owner : owners) {
      if (owner.controller()) {
        return owner;
      }
    }
    return null;
  }

  /**
   * Reads the metadata of an object of any kind whose field 1 is an ObjectMeta; that is every kind
   * of Kubernetes which is stored. The rest of the object is not looked at, beyond its field
   * borders.
   *
   * @param bytes holds the object's bare message in {@code [start, end)}; not kept
   * @param pool where recurring strings come from: namespace, labels, owners
   * @throws MalformedProtoException also for an object with two metadata, which no API server
   *     writes: what is served by splicing would differ from what was read here
   */
  public static ObjectMeta scan(byte[] bytes, int start, int end, StringPool pool) {
    ProtoReader object = new ProtoReader(bytes, start, end);
    ObjectMeta metadata = null;
    while (object.next()) {
      if (object.field() == 1) {
        if (metadata != null) {
          throw new MalformedProtoException("an object with two metadata");
        }
        metadata = read(object.message(), pool);
      }
    }
    return metadata == null ? read(new ProtoReader(bytes, end, end), pool) : metadata;
  }

  private static ObjectMeta read(ProtoReader r, StringPool pool) {
    String name = "";
    String namespace = "";
    String uid = "";
    String resourceVersion = "";
    long creation = NO_TIME;
    boolean deleting = false;
    Labels.Builder labels = null;
    List<OwnerReference> owners = List.of();
    while (r.next()) {
      switch (r.field()) {
        case NAME -> name = r.string();
        case NAMESPACE -> namespace = r.string(pool);
        case UID -> uid = r.string();
        case RESOURCE_VERSION -> resourceVersion = r.string();
        case CREATION_TIMESTAMP -> creation = seconds(r.message());
        case DELETION_TIMESTAMP -> {
          r.expectLengthDelimited();
          deleting = true;
        }
        case LABELS -> {
          if (labels == null) {
            labels = new Labels.Builder();
          }
          label(r.message(), labels, pool);
        }
        case OWNER_REFERENCES -> {
          if (owners.isEmpty()) {
            owners = new ArrayList<>(1);
          }
          owners.add(owner(r.message(), pool));
        }
        default -> {}
      }
    }
    return new ObjectMeta(
        name,
        namespace,
        uid,
        resourceVersion,
        creation,
        deleting,
        labels == null ? Labels.EMPTY : labels.build(),
        owners);
  }

  /** An empty message is the zero time; once a field is there, absent seconds are 1970. */
  private static long seconds(ProtoReader time) {
    long seconds = NO_TIME;
    while (time.next()) {
      if (time.field() == 1) {
        seconds = time.int64();
      } else if (seconds == NO_TIME) {
        seconds = 0;
      }
    }
    return seconds;
  }

  private static void label(ProtoReader entry, Labels.Builder labels, StringPool pool) {
    String key = "";
    String value = "";
    while (entry.next()) {
      switch (entry.field()) {
        case 1 -> key = entry.string(pool);
        case 2 -> value = entry.string(pool);
        default -> {}
      }
    }
    labels.put(key, value);
  }

  private static OwnerReference owner(ProtoReader r, StringPool pool) {
    String kind = "";
    String name = "";
    String uid = "";
    String apiVersion = "";
    boolean controller = false;
    while (r.next()) {
      switch (r.field()) {
        case 1 -> kind = r.string(pool);
        case 3 -> name = r.string(pool);
        case 4 -> uid = r.string(pool);
        case 5 -> apiVersion = r.string(pool);
        case 6 -> controller = r.bool();
        default -> {}
      }
    }
    return new OwnerReference(apiVersion, kind, name, uid, controller);
  }
}
