package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.Status.Details;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * Delete: at once, or first a mark where finalizers, a pod's grace period or a namespace's content
 * are in the way. Dependents stay: there is no garbage collector.
 */
final class Deletions {
  /** Kinds whose DELETE answers with the object instead of a Status. */
  private static final Set<String> ANSWERED_WITH_OBJECT =
      Set.of(
          "pods",
          "services",
          "serviceaccounts",
          "persistentvolumes",
          "persistentvolumeclaims",
          "podtemplates",
          "resourcequotas");

  private final ObjectStore store;
  private final Catalog catalog;
  private final Faults faults;
  private final Executor background;

  Deletions(ObjectStore store, Catalog catalog, Faults faults, Executor background) {
    this.store = store;
    this.catalog = catalog;
    this.faults = faults;
    this.background = background;
  }

  /**
   * What a DELETE did.
   *
   * @param view the last state, as the type shows it
   * @param gone false if the object is only marked
   */
  record Deleted(ObjectNode view, boolean gone) {
    /** Whether the DELETE is answered with a Status; otherwise with the object. */
    boolean isStatus(ResourceType type) {
      return gone && !(type.group().isEmpty() && ANSWERED_WITH_OBJECT.contains(type.plural()));
    }

    ObjectNode status(ResourceType type) {
      return Json.status(
          new Status(
              true,
              "",
              "",
              200,
              new Details(
                  Json.string(view, "metadata", "name"),
                  type.group(),
                  type.plural(),
                  Json.string(view, "metadata", "uid"),
                  List.of(),
                  0),
              ""));
    }
  }

  Deleted delete(ResourceType type, String namespace, String name, DeleteOptions options) {
    return store.locked(() -> {
      Entry entry = store.collection(type.storage()).get(namespace, name);
      if (entry == null) {
        throw ApiException.notFound(type.groupResource(), name);
      }
      ObjectNode current = type.fromStorage(entry.object());
      options.check(type, entry);
      boolean graceful = type.is("", "pods");
      long grace = graceful ? options.gracePeriod(current) : 0;
      boolean stays =
          grace > 0
              || type.is("", "namespaces")
              || !Json.strings(current, "metadata", "finalizers").isEmpty();
      if (options.dryRun()) {
        return new Deleted(current, !stays);
      }
      // A pod that goes at once is marked as well, in a step of its own.
      Entry last = stays || graceful ? marked(type, entry, grace) : entry;
      if (stays) {
        return new Deleted(type.fromStorage(last.object()), false);
      }
      Entry gone = last.at(remove(type, last));
      ObjectNode view = type.fromStorage(gone.object());
      return new Deleted(graceful && faults.deletionOvertaken() ? unversioned(view) : view, true);
    });
  }

  /** The object with a mark that is not later than asked for. */
  private Entry marked(ResourceType type, Entry entry, long grace) {
    ObjectNode current = type.fromStorage(entry.object());
    boolean marked = Json.at(current, "metadata", "deletionTimestamp") != null;
    if (marked && grace >= Json.integer(current, "metadata", "deletionGracePeriodSeconds")) {
      return entry;
    }
    ObjectNode deleting = current.deepCopy();
    Json.child(deleting, "metadata")
        .put("deletionTimestamp", Canonical.SECONDS.format(Instant.now().plusSeconds(grace)))
        .put("deletionGracePeriodSeconds", grace);
    if (!marked && Json.integer(current, "metadata", "generation") > 0) {
      Json.child(deleting, "metadata")
          .put("generation", Json.integer(current, "metadata", "generation") + 1);
    }
    if (type.is("", "namespaces")) {
      Json.child(deleting, "status").put("phase", "Terminating");
      background.execute(() -> empty(entry.name()));
    }
    return store.put(catalog.storageType(type), type.toStorage(deleting));
  }

  private static ObjectNode unversioned(ObjectNode object) {
    ObjectNode copy = object.deepCopy();
    Json.child(copy, "metadata").remove("resourceVersion");
    return copy;
  }

  /**
   * Takes an object out, and with a definition all objects of its kind.
   *
   * @return the revision that did it
   */
  long remove(ResourceType type, Entry entry) {
    long revision = store.nextRevision();
    store.collection(type.storage()).remove(entry, revision);
    if (type.isDefinition()) {
      for (ResourceType custom : CustomVersion.types(entry.object())) {
        ResourceCollection objects = store.collection(custom.storage());
        for (Entry each : objects.snapshot("").entries()) {
          objects.remove(each, store.nextRevision());
        }
      }
      catalog.forget(entry.object());
    }
    return revision;
  }

  /** What the namespace controller does: deletes the content, then the namespace. */
  private void empty(String namespace) {
    store.locked(() -> {
      boolean left = false;
      for (ResourceCollection collection : store.collections().values()) {
        for (Entry entry : collection.snapshot(namespace).entries()) {
          if (Json.strings(entry.object(), "metadata", "finalizers").isEmpty()) {
            collection.remove(entry, store.nextRevision());
          } else {
            left = true;
          }
        }
      }
      ResourceCollection namespaces = store.collection(GroupResource.NAMESPACES);
      Entry entry = namespaces.get("", namespace);
      if (!left && entry != null) {
        namespaces.remove(entry, store.nextRevision());
      }
      return left;
    });
  }
}
