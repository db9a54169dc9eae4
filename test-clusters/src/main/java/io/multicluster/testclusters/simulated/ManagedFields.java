package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.FieldSets.Purpose;
import io.multicluster.testclusters.simulated.Schema.Message;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.Status.Cause;
import io.multicluster.wire.status.Status.Details;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who set which fields ({@code metadata.managedFields}), and server-side apply, which lives on it.
 * Simpler than Kubernetes' structured merge: lists are keyed as strategic merge patches key them.
 */
final class ManagedFields {
  /**
   * One who changes fields.
   *
   * @param reset what this one can't change, and so never manages, e.g. {@code f:status}
   */
  record Manager(
      String name, String operation, String apiVersion, String subresource, List<String> reset) {
    static Manager of(String name, String operation, ResourceType type, String subresource) {
      List<String> reset =
          !type.hasStatus()
              ? List.of()
              : !subresource.equals("status")
                  ? List.of("f:status")
                  : type.custom() == null ? List.of("f:spec") : List.of("f:spec", "f:metadata");
      return new Manager(name, operation, type.apiVersion(), subresource, reset);
    }

    boolean is(JsonNode entry) {
      return Json.string(entry, "manager").equals(name)
          && Json.string(entry, "operation").equals(operation)
          && Json.string(entry, "apiVersion").equals(apiVersion)
          && Json.string(entry, "subresource").equals(subresource);
    }
  }

  /** Appliers first, then by time, then by name. */
  private static final Comparator<JsonNode> ORDER =
      Comparator.comparing((JsonNode entry) -> Json.string(entry, "operation"))
          .thenComparing(entry -> Json.string(entry, "time"))
          .thenComparing(entry -> Json.string(entry, "manager"))
          .thenComparing(entry -> Json.string(entry, "apiVersion"))
          .thenComparing(entry -> Json.string(entry, "subresource"));

  private ManagedFields() {}

  /** Notes in {@code after} what a create, update or patch changed. */
  static void updated(
      @Nullable Message schema, @Nullable ObjectNode before, ObjectNode after, Manager manager) {
    ObjectNode changed =
        FieldSets.changed(schema, before == null ? empty(schema) : before, after, Purpose.UPDATE);
    changed.remove(manager.reset());
    ObjectNode gone =
        before == null ? Json.object() : FieldSets.minus(all(schema, before), all(schema, after));
    ArrayNode out = Json.array();
    boolean found = false;
    for (JsonNode entry :
        Json.elements(before == null ? after : before, "metadata", "managedFields")) {
      ObjectNode fields = fields(entry);
      ObjectNode now;
      if (manager.is(entry)) {
        found = true;
        now = FieldSets.minus(FieldSets.union(fields, changed), gone);
      } else {
        now = FieldSets.minus(FieldSets.minus(fields, changed), gone);
      }
      add(out, entry, now, fields);
    }
    if (!found && !changed.isEmpty()) {
      out.add(entry(manager, changed));
    }
    write(after, out);
  }

  /**
   * Merges an applied configuration into an object.
   *
   * @param live null if the object does not exist
   * @throws ApiException 409 where another manager's fields would change and not {@code force}
   */
  static ObjectNode applied(
      @Nullable Message schema,
      @Nullable ObjectNode live,
      ObjectNode configuration,
      Manager manager,
      boolean force) {
    ObjectNode merged = live == null ? Json.object() : live.deepCopy();
    StrategicMerge.apply(schema, merged, configuration);
    ObjectNode wanted = FieldSets.changed(schema, Json.object(), configuration, Purpose.APPLY);
    wanted.remove(manager.reset());
    ObjectNode changed =
        FieldSets.changed(schema, live == null ? Json.object() : live, merged, Purpose.UPDATE);
    ArrayNode out = Json.array();
    ObjectNode othersFields = Json.object();
    ObjectNode mine = Json.object();
    List<Cause> conflicts = new ArrayList<>();
    if (live != null) {
      for (JsonNode entry : Json.elements(live, "metadata", "managedFields")) {
        ObjectNode fields = fields(entry);
        if (manager.is(entry)) {
          mine = fields;
          continue;
        }
        ObjectNode contested = FieldSets.both(fields, changed);
        for (String path : FieldSets.paths(contested)) {
          conflicts.add(
              new Cause("FieldManagerConflict", "conflict with " + described(entry), path));
        }
        ObjectNode kept = FieldSets.minus(fields, contested);
        othersFields = FieldSets.union(othersFields, kept);
        add(out, entry, kept, fields);
      }
    }
    if (!conflicts.isEmpty() && !force) {
      throw conflict(conflicts);
    }
    ObjectNode dropped = FieldSets.minus(FieldSets.minus(mine, wanted), othersFields);
    FieldSets.remove(schema, merged, dropped);
    out.add(entry(manager, wanted));
    write(merged, out);
    return merged;
  }

  /** What an object has before anybody has said anything about it. */
  private static ObjectNode empty(@Nullable Message schema) {
    return schema == null ? Json.object() : Canonical.of(schema, Json.object()).object();
  }

  private static ObjectNode all(@Nullable Message schema, ObjectNode object) {
    return FieldSets.changed(schema, Json.object(), object, Purpose.UPDATE);
  }

  private static ApiException conflict(List<Cause> conflicts) {
    String what = conflicts.size() == 1 ? "1 conflict" : conflicts.size() + " conflicts";
    String list =
        conflicts.size() == 1
            ? conflicts.getFirst().message() + ": " + conflicts.getFirst().field()
            : String.join(
                "\n",
                conflicts.stream().map(c -> "\n" + c.message() + ":\n- " + c.field()).toList());
    return new ApiException(
        Status.failure(409, "Conflict", "Apply failed with " + what + ": " + list)
            .withDetails(new Details("", "", "", "", conflicts, 0)));
  }

  private static String described(JsonNode entry) {
    String manager = "\"" + Json.string(entry, "manager") + "\"";
    String subresource = Json.string(entry, "subresource");
    return manager
        + (subresource.isEmpty() ? "" : " with subresource \"" + subresource + "\"")
        + (Json.string(entry, "operation").equals("Update")
            ? " using " + Json.string(entry, "apiVersion")
            : "");
  }

  private static ObjectNode fields(JsonNode entry) {
    return entry.get("fieldsV1") instanceof ObjectNode fields ? fields : Json.object();
  }

  private static void add(ArrayNode out, JsonNode entry, ObjectNode now, ObjectNode before) {
    if (now.isEmpty()) {
      return;
    }
    if (now.equals(before)) {
      out.add(entry);
      return;
    }
    ObjectNode changed = entry.deepCopy();
    changed.put("time", Canonical.SECONDS.format(Instant.now()));
    changed.set("fieldsV1", now);
    out.add(changed);
  }

  private static ObjectNode entry(Manager manager, ObjectNode fields) {
    ObjectNode entry = Json.object();
    entry
        .put("manager", manager.name())
        .put("operation", manager.operation())
        .put("apiVersion", manager.apiVersion())
        .put("time", Canonical.SECONDS.format(Instant.now()))
        .put("fieldsType", "FieldsV1");
    entry.set("fieldsV1", fields);
    Json.putNonEmpty(entry, "subresource", manager.subresource());
    return entry;
  }

  private static void write(ObjectNode object, ArrayNode entries) {
    ObjectNode metadata = Json.child(object, "metadata");
    if (entries.isEmpty()) {
      metadata.remove("managedFields");
    } else {
      List<JsonNode> sorted = new ArrayList<>();
      entries.forEach(sorted::add);
      sorted.sort(ORDER);
      metadata.set("managedFields", Json.array().addAll(sorted));
    }
  }
}
