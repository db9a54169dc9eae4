package io.multicluster.cache;

import io.multicluster.wire.json.JsonKind;
import io.multicluster.wire.json.KubernetesTypes;
import io.multicluster.wire.negotiate.Format;
import io.multicluster.wire.negotiate.Transform;
import io.multicluster.wire.proto.EventRenumbering;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.resource.GroupVersionResource;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One API under which the objects of a kind are served. Events have two: {@code v1} and {@code
 * events.k8s.io/v1}. Immutable.
 */
final class View {
  private final GroupVersionResource resource;
  private final CachedKind kind;
  private final JsonSource json;
  private final ProtobufSource protobuf;
  private final ObjectForm jsonForm;
  private final ObjectForm jsonMetadata;
  private final ObjectForm jsonMetadataBeta;
  private final ObjectForm protobufForm;
  private final ObjectForm protobufMetadata;
  private final ObjectForm protobufMetadataBeta;

  private View(
      GroupVersionResource resource,
      CachedKind kind,
      JsonSource json,
      @Nullable EventRenumbering renumbering) {
    this.resource = resource;
    this.kind = kind;
    this.json = json;
    this.protobuf = new ProtobufSource(renumbering);
    this.jsonForm = new JsonForm(json, null);
    this.jsonMetadata = new JsonForm(json, "v1");
    this.jsonMetadataBeta = new JsonForm(json, "v1beta1");
    this.protobufForm = ProtobufForm.objects(protobuf, resource.apiVersion(), kind.kind());
    this.protobufMetadata = ProtobufForm.metadata(protobuf, "v1");
    this.protobufMetadataBeta = ProtobufForm.metadata(protobuf, "v1beta1");
  }

  /** All views of a kind. */
  static List<View> of(CachedKind kind, LongAdder unknownFields) {
    GroupVersionResource resource = kind.resource();
    JsonKind jsonKind = KubernetesTypes.kind(resource.apiVersion(), kind.kind());
    if (jsonKind == null) {
      throw new IllegalArgumentException(
          kind.kind() + " of " + resource.apiVersion() + " is not a built-in kind");
    }
    View own = new View(resource, kind, new TranscodedJson(jsonKind, unknownFields), null);
    if (!resource.groupResource().equals(GroupResource.EVENTS)) {
      return List.of(own);
    }
    EventRenumbering renumbering = EventRenumbering.CORE_TO_EVENTS_K8S_IO;
    return List.of(
        own,
        new View(
            new GroupVersionResource("events.k8s.io", "v1", "events"),
            kind,
            new TranscodedJson(KubernetesTypes.event(renumbering), unknownFields),
            renumbering));
  }

  GroupVersionResource resource() {
    return resource;
  }

  String apiVersion() {
    return resource.apiVersion();
  }

  String listKind() {
    return kind.kind() + "List";
  }

  JsonSource json() {
    return json;
  }

  ProtobufSource protobuf() {
    return protobuf;
  }

  /** Whether clients can have the objects in protobuf. */
  boolean hasProtobuf() {
    return kind.encoding() == CachedKind.Encoding.PROTOBUF;
  }

  /** How single objects and events are written, if not as a Table. */
  ObjectForm objectForm(Format format, Transform transform) {
    boolean protobufWanted = format == Format.PROTOBUF;
    if (!transform.isMetadata()) {
      return protobufWanted ? protobufForm : jsonForm;
    }
    boolean beta = transform.version().equals("v1beta1");
    if (protobufWanted) {
      return beta ? protobufMetadataBeta : protobufMetadata;
    }
    return beta ? jsonMetadataBeta : jsonMetadata;
  }

  /** How a list is written, if not as a Table. */
  ListForm listForm(Format format, Transform transform) {
    if (transform.isMetadata()) {
      return format == Format.PROTOBUF
          ? ProtobufListForm.metadata(this, transform.version())
          : JsonListForm.metadata(this, transform.version());
    }
    return format == Format.PROTOBUF
        ? ProtobufListForm.objects(this)
        : JsonListForm.objects(this);
  }
}
