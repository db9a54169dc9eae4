package io.multicluster.cache;

import io.multicluster.wire.json.KubernetesTypes;
import io.multicluster.wire.negotiate.Format;
import io.multicluster.wire.negotiate.Negotiated;
import io.multicluster.wire.negotiate.Transform;
import io.multicluster.wire.proto.EventRenumbering;
import io.multicluster.wire.proto.ObjectSplicer;
import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.resource.GroupVersionResource;
import io.multicluster.wire.table.EventRow;
import io.multicluster.wire.table.IncludeObject;
import io.multicluster.wire.table.PlainRow;
import io.multicluster.wire.table.PodRow;
import io.multicluster.wire.table.TableRow;
import io.multicluster.wire.table.TableWriter;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.List;
import java.util.function.LongSupplier;
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
  private final @Nullable EventRenumbering renumbering;

  /** A writer is not thread-safe: one for each event loop and version of Table. */
  private final FastThreadLocal<TableWriter> table;

  private final FastThreadLocal<TableWriter> tableBeta;
  private final TableRow emptyRow;
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
    this.renumbering = renumbering;
    this.protobuf = new ProtobufSource(renumbering);
    this.table = tableWriters("v1");
    this.tableBeta = tableWriters("v1beta1");
    this.emptyRow = emptyRow(kind.resource().groupResource());
    this.jsonForm = new JsonForm(json, null);
    this.jsonMetadata = new JsonForm(json, "v1");
    this.jsonMetadataBeta = new JsonForm(json, "v1beta1");
    this.protobufForm = ProtobufForm.objects(protobuf, resource.apiVersion(), kind.kind());
    this.protobufMetadata = ProtobufForm.metadata(protobuf, "v1");
    this.protobufMetadataBeta = ProtobufForm.metadata(protobuf, "v1beta1");
  }

  /** All views of a kind. */
  static List<View> of(CachedKind kind) {
    GroupVersionResource resource = kind.resource();
    JsonSource json =
        switch (kind.encoding()) {
          case PROTOBUF -> new TranscodedJson(TranscodedJson.schema(kind));
          case JSON -> new KeptJson(resource.apiVersion(), kind.kind());
        };
    View own = new View(resource, kind, json, null);
    if (!resource.groupResource().equals(GroupResource.EVENTS)) {
      return List.of(own);
    }
    EventRenumbering renumbering = EventRenumbering.CORE_TO_EVENTS_K8S_IO;
    return List.of(
        own,
        new View(
            new GroupVersionResource("events.k8s.io", "v1", "events"),
            kind,
            new TranscodedJson(KubernetesTypes.event(renumbering)),
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

  /**
   * Turns an object that a member sent in this version into the form in which the kind's objects
   * come in.
   */
  byte[] kept(byte[] object) {
    return renumbering == null
        ? object
        : new ObjectSplicer()
            .renumbered(object, 0, object.length, EventRenumbering.EVENTS_K8S_IO_TO_CORE)
            .toByteArray();
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

  TableWriter tableWriter(String version) {
    return version.equals("v1beta1") ? tableBeta.get() : table.get();
  }

  private FastThreadLocal<TableWriter> tableWriters(String version) {
    GroupResource shown = resource.groupResource();
    return new FastThreadLocal<>() {
      @Override
      protected TableWriter initialValue() {
        return new TableWriter(shown, version);
      }
    };
  }

  /** What a table shows of an object that has nothing but its metadata. */
  TableRow emptyRow() {
    return emptyRow;
  }

  /**
   * How single objects and events are written.
   *
   * @param include what the rows of a Table contain
   * @param wallMillis from which ages in a Table count
   */
  ObjectForm objectForm(Negotiated negotiated, IncludeObject include, LongSupplier wallMillis) {
    Transform transform = negotiated.transform();
    if (transform.isTable()) {
      return new TableForm(this, new TableRows(this, transform.version(), include, wallMillis));
    }
    boolean protobufWanted = negotiated.format() == Format.PROTOBUF;
    if (!transform.isMetadata()) {
      return protobufWanted ? protobufForm : jsonForm;
    }
    boolean beta = transform.version().equals("v1beta1");
    if (protobufWanted) {
      return beta ? protobufMetadataBeta : protobufMetadata;
    }
    return beta ? jsonMetadataBeta : jsonMetadata;
  }

  /** How a list is written; parameters as those of {@link #objectForm}. */
  ListForm listForm(Negotiated negotiated, IncludeObject include, LongSupplier wallMillis) {
    Transform transform = negotiated.transform();
    if (transform.isTable()) {
      return new TableListForm(new TableRows(this, transform.version(), include, wallMillis));
    }
    boolean protobufWanted = negotiated.format() == Format.PROTOBUF;
    if (transform.isMetadata()) {
      return protobufWanted
          ? ProtobufListForm.metadata(this, transform.version())
          : JsonListForm.metadata(this, transform.version());
    }
    return protobufWanted ? ProtobufListForm.objects(this) : JsonListForm.objects(this);
  }

  private static TableRow emptyRow(GroupResource resource) {
    byte[] nothing = new byte[0];
    StringPool pool = new StringPool(2);
    if (resource.equals(GroupResource.PODS)) {
      return PodRow.read(nothing, 0, 0, pool);
    }
    return resource.equals(GroupResource.EVENTS)
        ? EventRow.read(nothing, 0, 0, pool)
        : PlainRow.read(nothing, 0, 0);
  }
}
