package io.multicluster.wire.table;

import io.multicluster.wire.json.JsonWriter;
import io.multicluster.wire.proto.ListMeta;
import io.multicluster.wire.resource.GroupResource;
import io.netty.buffer.ByteBuf;
import java.util.Locale;

/**
 * Writes a Table in JSON, piece by piece: {@link #begin}, then for each object {@link #beginRow},
 * the row's object written by the caller ({@code null} if none is wanted), and {@link #endRow};
 * then {@link #end}. A list, one object and the object of a watch event have the same form.
 *
 * <p>Reusable, not thread-safe: one per event loop.
 */
public final class TableWriter {
  private static final byte[] SUCCEEDED =
      conditions("Succeeded", "The pod has completed successfully.");
  private static final byte[] FAILED = conditions("Failed", "The pod failed.");
  private static final String NONE = "<none>";
  private static final String UNKNOWN = "<unknown>";

  private final String apiVersion;
  private final byte[] columns;
  private final JsonWriter json = new JsonWriter(4096);

  /**
   * @param resource whose rows are written
   * @param version {@code v1} or {@code v1beta1} of meta.k8s.io
   */
  public TableWriter(GroupResource resource, String version) {
    this.apiVersion = "meta.k8s.io/" + version;
    if (resource.equals(GroupResource.PODS)) {
      this.columns = Columns.POD;
    } else if (resource.equals(GroupResource.EVENTS)
        || resource.equals(GroupResource.EVENTS_K8S_IO)) {
      this.columns = Columns.EVENT;
    } else {
      this.columns = Columns.PLAIN;
    }
  }

  /**
   * @param metadata of the list; for one object its resourceVersion alone
   * @param definitions whether the columns are told; in a watch only the first Table does
   */
  public void begin(ByteBuf out, ListMeta metadata, boolean definitions) {
    json.reset();
    json.beginObject().name("kind").value("Table").name("apiVersion").value(apiVersion);
    json.name("metadata").beginObject();
    if (!metadata.resourceVersion().isEmpty()) {
      json.name("resourceVersion").value(metadata.resourceVersion());
    }
    if (!metadata.continueToken().isEmpty()) {
      json.name("continue").value(metadata.continueToken());
    }
    Long remaining = metadata.remainingItemCount();
    if (remaining != null) {
      json.name("remainingItemCount").value(remaining);
    }
    json.endObject().name("columnDefinitions");
    if (definitions) {
      json.json(columns);
    } else {
      json.nullValue();
    }
    json.name("rows").beginArray().drainTo(out);
  }

  /**
   * Writes a row up to where its object stands.
   *
   * @param first whether no row came before in this Table
   * @param row of the kind of this writer
   * @param nowMillis from which ages count, in milliseconds since 1970
   */
  public void beginRow(
      ByteBuf out, boolean first, TableRow row, String name, String cluster, long nowMillis) {
    if (!first) {
      out.writeByte(',');
    }
    json.reset();
    json.beginObject().name("cells").beginArray();
    switch (row) {
      case PodRow pod -> pod(pod, name, cluster, nowMillis);
      case EventRow event -> event(event, name, cluster, nowMillis);
      case PlainRow plain ->
          json.value(name).value(cluster).value(age(plain.creationSeconds(), nowMillis));
    }
    json.endArray();
    if (row instanceof PodRow pod) {
      switch (pod.phase()) {
        case "Succeeded" -> json.name("conditions").json(SUCCEEDED);
        case "Failed" -> json.name("conditions").json(FAILED);
        default -> {}
      }
    }
    json.name("object").drainTo(out);
  }

  public void endRow(ByteBuf out) {
    out.writeByte('}');
  }

  public void end(ByteBuf out) {
    out.writeByte(']').writeByte('}');
  }

  private void pod(PodRow pod, String name, String cluster, long nowMillis) {
    String gates = pod.readinessGates();
    json.value(name)
        .value(pod.ready())
        .value(pod.status())
        .value(restarts(pod, nowMillis))
        .value(cluster)
        .value(age(pod.creationSeconds(), nowMillis))
        .value(orNone(pod.ip()))
        .value(orNone(pod.nodeName()))
        .value(orNone(pod.nominatedNodeName()))
        .value(gates == null ? NONE : gates);
  }

  private static String restarts(PodRow pod, long nowMillis) {
    String count = Integer.toString(pod.restarts());
    long last = pod.lastRestartSeconds();
    return pod.restarts() == 0 || last == Times.NONE
        ? count
        : count + " (" + age(last, nowMillis) + " ago)";
  }

  private void event(EventRow event, String name, String cluster, long nowMillis) {
    EventRow.Reference involved = event.involved();
    String kind = involved.kind().toLowerCase(Locale.ROOT);
    String host = event.host();
    json.value(ageOfMillis(event.lastSeenMillis(), nowMillis))
        .value(event.type())
        .value(event.reason())
        .value(involved.name().isEmpty() ? kind : kind + "/" + involved.name())
        .value(cluster)
        .value(involved.fieldPath())
        .value(host.isEmpty() ? event.component() : event.component() + ", " + host)
        .value(trimmed(event.message()))
        .value(ageOfMillis(event.firstSeenMillis(), nowMillis))
        .value(event.count())
        .value(name);
  }

  private static String age(long seconds, long nowMillis) {
    return seconds == Times.NONE ? UNKNOWN : HumanDuration.of(nowMillis - seconds * 1000);
  }

  private static String ageOfMillis(long millis, long nowMillis) {
    return millis == Times.NONE ? UNKNOWN : HumanDuration.of(nowMillis - millis);
  }

  private static String orNone(String text) {
    return text.isEmpty() ? NONE : text;
  }

  /** Without white space around, in Go's sense, which includes non-breaking blanks. */
  private static String trimmed(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && isSpace(text.charAt(start))) {
      start++;
    }
    while (end > start && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  private static boolean isSpace(char c) {
    return (c >= '\t' && c <= '\r') || c == '\u0085' || Character.isSpaceChar(c);
  }

  private static byte[] conditions(String reason, String message) {
    JsonWriter json = new JsonWriter(256).beginArray().beginObject();
    json.name("type").value("Completed").name("status").value("True");
    json.name("reason").value(reason).name("message").value(message);
    return json.endObject().endArray().toByteArray();
  }
}
