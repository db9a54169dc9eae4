package io.multicluster.wire.table;

import io.multicluster.wire.json.JsonText;
import io.multicluster.wire.proto.ListMeta;
import io.multicluster.wire.resource.GroupResource;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Writes a Table in JSON, piece by piece: {@link #begin}, then for each object {@link #beginRow},
 * the row's object written by the caller ({@code null} if none is wanted), and {@link #endRow};
 * then {@link #end}. A list, one object and the object of a watch event have the same form.
 *
 * <p>Immutable. Writes no white space.
 */
public final class TableWriter {
  private static final byte[] METADATA = ascii(",\"metadata\":{");
  private static final byte[] COLUMNS = ascii("},\"columnDefinitions\":");
  private static final byte[] NULL = ascii("null");
  private static final byte[] ROWS = ascii(",\"rows\":[");
  private static final byte[] CELLS = ascii("{\"cells\":[");
  private static final byte[] OBJECT = ascii(",\"object\":");
  private static final byte[] SUCCEEDED =
      condition("Succeeded", "The pod has completed successfully.");
  private static final byte[] FAILED = condition("Failed", "The pod failed.");
  private static final String NONE = "<none>";
  private static final String UNKNOWN = "<unknown>";

  private final byte[] columns;
  private final byte[] head;

  /**
   * @param resource whose rows are written
   * @param version {@code v1} or {@code v1beta1} of meta.k8s.io
   */
  public TableWriter(GroupResource resource, String version) {
    this.head = ascii("{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/" + version + "\"");
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
    out.writeBytes(head).writeBytes(METADATA);
    String separator = "";
    if (!metadata.resourceVersion().isEmpty()) {
      text(out, "\"resourceVersion\":");
      JsonText.write(out, metadata.resourceVersion());
      separator = ",";
    }
    if (!metadata.continueToken().isEmpty()) {
      text(out, separator + "\"continue\":");
      JsonText.write(out, metadata.continueToken());
      separator = ",";
    }
    Long remaining = metadata.remainingItemCount();
    if (remaining != null) {
      text(out, separator + "\"remainingItemCount\":" + remaining);
    }
    out.writeBytes(COLUMNS).writeBytes(definitions ? columns : NULL).writeBytes(ROWS);
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
    out.writeBytes(CELLS);
    switch (row) {
      case PodRow pod -> pod(out, pod, name, cluster, nowMillis);
      case EventRow event -> event(out, event, name, cluster, nowMillis);
      case PlainRow plain -> {
        cell(out, name);
        nextCell(out, cluster);
        nextCell(out, age(plain.creationSeconds(), nowMillis));
      }
    }
    out.writeByte(']');
    if (row instanceof PodRow pod) {
      switch (pod.phase()) {
        case "Succeeded" -> out.writeBytes(SUCCEEDED);
        case "Failed" -> out.writeBytes(FAILED);
        default -> {}
      }
    }
    out.writeBytes(OBJECT);
  }

  public void endRow(ByteBuf out) {
    out.writeByte('}');
  }

  public void end(ByteBuf out) {
    out.writeByte(']').writeByte('}');
  }

  private static void pod(ByteBuf out, PodRow pod, String name, String cluster, long nowMillis) {
    cell(out, name);
    nextCell(out, pod.ready());
    nextCell(out, pod.status());
    nextCell(out, restarts(pod, nowMillis));
    nextCell(out, cluster);
    nextCell(out, age(pod.creationSeconds(), nowMillis));
    nextCell(out, orNone(pod.ip()));
    nextCell(out, orNone(pod.nodeName()));
    nextCell(out, orNone(pod.nominatedNodeName()));
    String gates = pod.readinessGates();
    nextCell(out, gates == null ? NONE : gates);
  }

  private static String restarts(PodRow pod, long nowMillis) {
    String count = Integer.toString(pod.restarts());
    long last = pod.lastRestartSeconds();
    return pod.restarts() == 0 || last == Times.NONE
        ? count
        : count + " (" + age(last, nowMillis) + " ago)";
  }

  private static void event(
      ByteBuf out, EventRow event, String name, String cluster, long nowMillis) {
    EventRow.Reference involved = event.involved();
    String kind = involved.kind().toLowerCase(Locale.ROOT);
    cell(out, ageOfMillis(event.lastSeenMillis(), nowMillis));
    nextCell(out, event.type());
    nextCell(out, event.reason());
    nextCell(out, involved.name().isEmpty() ? kind : kind + "/" + involved.name());
    nextCell(out, cluster);
    nextCell(out, involved.fieldPath());
    nextCell(
        out, event.host().isEmpty() ? event.component() : event.component() + ", " + event.host());
    nextCell(out, trimmed(event.message()));
    nextCell(out, ageOfMillis(event.firstSeenMillis(), nowMillis));
    text(out, "," + event.count());
    nextCell(out, name);
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

  private static void nextCell(ByteBuf out, String text) {
    out.writeByte(',');
    cell(out, text);
  }

  private static void cell(ByteBuf out, String text) {
    JsonText.write(out, text);
  }

  private static void text(ByteBuf out, String ascii) {
    out.writeCharSequence(ascii, StandardCharsets.US_ASCII);
  }

  private static byte[] condition(String reason, String message) {
    return ascii(
        ",\"conditions\":[{\"type\":\"Completed\",\"status\":\"True\",\"reason\":\""
            + reason
            + "\",\"message\":\""
            + message
            + "\"}]");
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
