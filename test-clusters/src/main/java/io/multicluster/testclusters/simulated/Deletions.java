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
  private final Executor background;

  Deletions(ObjectStore store, Catalog catalog, Executor background) {
    this.store = store;
    this.catalog = catalog;
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
      long grace = type.is("", "pods") ? options.gracePeriod(current) : 0;
      boolean stays =
          grace > 0
              || type.is("", "namespaces")
              || !Json.strings(current, "metadata", "finalizers").isEmpty();
      if (options.dryRun()) {
        return new Deleted(current, !stays);
      }
      if (!stays) {
        remove(type, entry);
        return new Deleted(current, true);
      }
      boolean marked = Json.at(current, "metadata", "deletionTimestamp") != null;
      if (marked && grace >= Json.integer(current, "metadata", "deletionGracePeriodSeconds")) {
        return new Deleted(current, false);
      }
      ObjectNode deleting = current.deepCopy();
      Json.child(deleting, "metadata")
          .put("deletionTimestamp", Canonical.SECONDS.format(Instant.now().plusSeconds(grace)))
          .put("deletionGracePeriodSeconds", grace);
      if (Json.integer(current, "metadata", "generation") > 0) {
        Json.child(deleting, "metadata")
            .put("generation", Json.integer(current, "metadata", "generation") + 1);
      }
      if (type.is("", "namespaces")) {
        Json.child(deleting, "status").put("phase", "Terminating");
        background.execute(() -> empty(name));
      }
      Entry stored = store.put(catalog.storageType(type), type.toStorage(deleting));
      return new Deleted(type.fromStorage(stored.object()), false);
    });
  }

  /** Takes an object out, and with a definition all objects of its kind. */
  void remove(ResourceType type, Entry entry) {
    store.collection(type.storage()).remove(entry, store.nextRevision());
    if (type.isDefinition()) {
      for (ResourceType custom : CustomVersion.types(entry.object())) {
        ResourceCollection objects = store.collection(custom.storage());
        for (Entry each : objects.snapshot("").entries()) {
          objects.remove(each, store.nextRevision());
        }
      }
      catalog.forget(entry.object());
    }
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
