package io.multicluster.wire.table;

import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.StringPool;

/**
 * An event, in the spelling of core {@code v1}, which is also the stored one. It holds the whole
 * message, so to read one when it is shown costs less than to keep it.
 *
 * @param involved the object that it is about
 * @param component who reports: source.component, else reportingComponent
 * @param host from where: source.host, else reportingInstance
 * @param lastSeenMillis milliseconds since 1970; {@code NO_TIME} if unknown, as are the other times
 * @param count how often; at least 1 unless a series says otherwise
 */
public record EventRow(
    Reference involved,
    String type,
    String reason,
    String message,
    String component,
    String host,
    String reportingComponent,
    long lastSeenMillis,
    long firstSeenMillis,
    int count,
    long creationSeconds)
    implements TableRow {

  /** An ObjectReference; texts are empty where it has none. */
  public record Reference(
      String kind,
      String namespace,
      String name,
      String uid,
      String apiVersion,
      String resourceVersion,
      String fieldPath) {}

  /**
   * @param bytes holds the bare message of a core event in {@code [start, end)}; not kept
   * @param pool where recurring texts come from
   * @throws MalformedProtoException if this is no event
   */
  public static EventRow read(byte[] bytes, int start, int end, StringPool pool) {
    Reference involved = new Reference("", "", "", "", "", "", "");
    String type = "";
    String reason = "";
    String message = "";
    String component = "";
    String host = "";
    String reportingComponent = "";
    String reportingInstance = "";
    long first = Times.NONE;
    long last = Times.NONE;
    long eventTime = Times.NONE;
    long creation = Times.NONE;
    int count = 0;
    ProtoReader series = null;
    ProtoReader r = new ProtoReader(bytes, start, end);
    while (r.next()) {
      switch (r.field()) {
        case 1 -> creation = creation(r.message());
        case 2 -> involved = reference(r.message(), pool);
        case 3 -> reason = r.string(pool);
        case 4 -> message = r.string();
        case 5 -> {
          ProtoReader source = r.message();
          while (source.next()) {
            switch (source.field()) {
              case 1 -> component = source.string(pool);
              case 2 -> host = source.string(pool);
              default -> {}
            }
          }
        }
        case 6 -> first = Times.millis(r.message());
        case 7 -> last = Times.millis(r.message());
        case 8 -> count = r.int32();
        case 9 -> type = r.string(pool);
        case 10 -> eventTime = Times.millis(r.message());
        case 11 -> series = r.message();
        case 14 -> reportingComponent = r.string(pool);
        case 15 -> reportingInstance = r.string(pool);
        default -> {}
      }
    }
    long firstSeen = first == Times.NONE ? eventTime : first;
    long lastSeen = last == Times.NONE ? firstSeen : last;
    int times = count == 0 ? 1 : count;
    if (series != null) {
      lastSeen = Times.NONE;
      times = 0;
      while (series.next()) {
        switch (series.field()) {
          case 1 -> times = series.int32();
          case 2 -> lastSeen = Times.millis(series.message());
          default -> {}
        }
      }
    }
    return new EventRow(
        involved,
        type,
        reason,
        message,
        component.isEmpty() ? reportingComponent : component,
        host.isEmpty() ? reportingInstance : host,
        reportingComponent,
        lastSeen,
        firstSeen,
        times,
        creation);
  }

  @Override
  public String field(String field) {
    return switch (field) {
      case "involvedObject.kind" -> involved.kind;
      case "involvedObject.namespace" -> involved.namespace;
      case "involvedObject.name" -> involved.name;
      case "involvedObject.uid" -> involved.uid;
      case "involvedObject.apiVersion" -> involved.apiVersion;
      case "involvedObject.resourceVersion" -> involved.resourceVersion;
      case "involvedObject.fieldPath" -> involved.fieldPath;
      case "reason" -> reason;
      case "type" -> type;
      case "source" -> component;
      case "reportingComponent" -> reportingComponent;
      default -> "";
    };
  }

  private static long creation(ProtoReader metadata) {
    long creation = Times.NONE;
    while (metadata.next()) {
      if (metadata.field() == 8) {
        creation = Times.seconds(metadata.message());
      }
    }
    return creation;
  }

  private static Reference reference(ProtoReader r, StringPool pool) {
    String kind = "";
    String namespace = "";
    String name = "";
    String uid = "";
    String apiVersion = "";
    String resourceVersion = "";
    String fieldPath = "";
    while (r.next()) {
      switch (r.field()) {
        case 1 -> kind = r.string(pool);
        case 2 -> namespace = r.string(pool);
        case 3 -> name = r.string(pool);
        case 4 -> uid = r.string();
        case 5 -> apiVersion = r.string(pool);
        case 6 -> resourceVersion = r.string();
        case 7 -> fieldPath = r.string(pool);
        default -> {}
      }
    }
    return new Reference(kind, namespace, name, uid, apiVersion, resourceVersion, fieldPath);
  }
}
