package io.multicluster.wire.table;

import io.multicluster.wire.json.JsonWriter;
import java.util.List;

/** The columns of each kind of row: those of kube-apiserver, and the cluster among them. */
final class Columns {
  private static final Column CLUSTER =
      new Column("Cluster", false, false, "The member cluster that the object lives in.");
  private static final Column AGE =
      new Column("Age", false, false, "How long ago the object was created.");

  static final byte[] POD =
      definitions(
          List.of(
              name(false),
              new Column(
                  "Ready", false, false, "Containers that are ready, of all that should be."),
              new Column("Status", false, false, "What the pod's containers are doing, in a word."),
              new Column(
                  "Restarts",
                  false,
                  false,
                  "How often the pod's containers were restarted, and how long ago the last time."),
              CLUSTER,
              AGE,
              new Column("IP", false, true, "The pod's address."),
              new Column("Node", false, true, "The node that the pod is assigned to."),
              new Column(
                  "Nominated Node",
                  false,
                  true,
                  "The node on which room is being made for the pod."),
              new Column(
                  "Readiness Gates",
                  false,
                  true,
                  "Conditions beside its containers' that hold, of all that the pod waits for.")));

  static final byte[] EVENT =
      definitions(
          List.of(
              new Column("Last Seen", false, false, "How long ago this happened the last time."),
              new Column("Type", false, false, "Normal or Warning."),
              new Column("Reason", false, false, "What happened, in a word."),
              new Column("Object", false, false, "The object that the event is about."),
              CLUSTER,
              new Column("Subobject", false, true, "The part of the object concerned."),
              new Column("Source", false, true, "Who reports the event, and from where."),
              new Column("Message", false, false, "What happened, in a sentence."),
              new Column("First Seen", false, true, "How long ago this happened the first time."),
              new Column("Count", false, true, "How often this happened."),
              name(true)));

  static final byte[] PLAIN = definitions(List.of(name(false), CLUSTER, AGE));

  private Columns() {}

  private static Column name(boolean wide) {
    return new Column(
        "Name", true, wide, "The object's name, unique within its namespace and cluster.");
  }

  private static byte[] definitions(List<Column> columns) {
    JsonWriter json = new JsonWriter(4096).beginArray();
    columns.forEach(column -> column.write(json));
    return json.endArray().toByteArray();
  }
}
