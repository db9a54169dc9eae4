package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.ManagedFields.Manager;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.Status.Cause;
import io.multicluster.wire.status.Status.Details;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * Create, update, patch and apply, with what the kinds' strategies and the most needed controllers
 * of Kubernetes make of them. Every change is one step of the store.
 */
final class Writes {
  private static final String SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";
  private static final GroupResource NAMESPACES = GroupResource.NAMESPACES;

  private final ObjectStore store;
  private final Catalog catalog;
  private final Authentication authentication;
  private final Deletions deletions;
  private final String authorityPem;
  private final SecureRandom random = new SecureRandom();

  Writes(
      ObjectStore store,
      Catalog catalog,
      Authentication authentication,
      Deletions deletions,
      String authorityPem) {
    this.store = store;
    this.catalog = catalog;
    this.authentication = authentication;
    this.deletions = deletions;
    this.authorityPem = authorityPem;
  }

  /**
   * How a write is to be done.
   *
   * @param validation {@code Strict}, {@code Warn} or {@code Ignore}
   */
  record Options(
      String manager,
      boolean dryRun,
      String validation,
      java.util.function.Consumer<String> warnings) {
    static Options of(ServerRequest request, ServerResponse response) {
      String dryRun = request.parameter("dryRun");
      if (!dryRun.isEmpty() && !dryRun.equals("All")) {
        throw ApiException.invalid(
            "meta.k8s.io",
            "CreateOptions",
            "",
            List.of(
                new Cause(
                    "FieldValueNotSupported",
                    "Unsupported value: [\"" + dryRun + "\"]: supported values: \"All\"",
                    "dryRun")));
      }
      return new Options(
          request.fieldManager(),
          request.dryRun(),
          request.parameter("fieldValidation"),
          warning -> response.addHeader("warning", warning));
    }
  }

  /** The stored result as the type shows it, and whether it is new. */
  record Result(ObjectNode view, boolean created) {}

  Result create(ResourceType type, String namespace, ObjectNode body, Options options) {
    ObjectNode object = Intake.accept(type, body, options);
    ObjectNode metadata = Json.child(object, "metadata");
    Intake.checkNamespace(type, namespace, metadata);
    if (!Json.string(metadata, "resourceVersion").isEmpty()) {
      throw new ApiException(
          Status.failure(500, "", "resourceVersion should not be set on objects to be created"));
    }
    return store.locked(() -> {
      String base = Json.string(metadata, "generateName");
      if (Json.string(metadata, "name").isEmpty() && !base.isEmpty()) {
        metadata.put("name", base + suffix());
      }
      Intake.checkName(type, Json.string(metadata, "name"));
      if (type.namespaced()) {
        checkNamespaceTakes(type, namespace, metadata);
      }
      String name = Json.string(metadata, "name");
      if (store.collection(type.storage()).get(namespace, name) != null) {
        throw alreadyExists(type, name);
      }
      return new Result(insert(type, object, options, false), true);
    });
  }

  /** Stores a new object that has been accepted. Call it in a step of the store. */
  private ObjectNode insert(
      ResourceType type, ObjectNode object, Options options, boolean applied) {
    ObjectNode metadata = Json.child(object, "metadata");
    metadata.put("uid", UUID.randomUUID().toString());
    metadata.put("creationTimestamp", Canonical.SECONDS.format(Instant.now()));
    metadata.remove(List.of("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"));
    metadata.remove("generation");
    if (countsGenerations(type)) {
      metadata.put("generation", 1);
    }
    Defaults.newStatus(type, object);
    Defaults.apply(type, object);
    ObjectNode normal = Intake.normal(type, object);
    Intake.validate(type, normal);
    if (!applied) {
      ManagedFields.updated(
          type.message(), null, normal, Manager.of(options.manager(), "Update", type, ""));
    }
    if (options.dryRun()) {
      return normal;
    }
    if (type.isDefinition()) {
      Definitions.asNew(normal);
    }
    serviceAccountToken(type, normal);
    Entry entry = store.put(catalog.storageType(type), type.toStorage(Intake.normal(type, normal)));
    after(type, entry);
    return type.fromStorage(entry.object());
  }

  /** What the store's content means for the server itself. */
  private void after(ResourceType type, Entry entry) {
    if (type.isDefinition()) {
      catalog.define(entry.object());
      if (!Definitions.isEstablished(entry.object())) {
        ObjectNode established = entry.object().deepCopy();
        Definitions.asEstablished(established);
        Entry _ = store.put(type, established);
      }
    } else if (type.is("", "namespaces") && !isDeleting(entry.object())) {
      defaultServiceAccount(entry.name());
    }
  }

  private void defaultServiceAccount(String namespace) {
    ResourceType accounts = catalog.find("", "v1", "serviceaccounts");
    if (accounts != null
        && store.collection(accounts.storage()).get(namespace, "default") == null) {
      ObjectNode account = Json.object();
      account.put("kind", "ServiceAccount").put("apiVersion", "v1");
      account
          .putObject("metadata")
          .put("name", "default")
          .put("namespace", namespace)
          .put("uid", UUID.randomUUID().toString())
          .put("creationTimestamp", Canonical.SECONDS.format(Instant.now()));
      store.put(accounts, account);
    }
  }

  /** Fills token secrets, as the token controller does. */
  private void serviceAccountToken(ResourceType type, ObjectNode secret) {
    String account =
        Json.texts(secret, "metadata", "annotations")
            .getOrDefault("kubernetes.io/service-account.name", "");
    if (!type.is("", "secrets")
        || account.isEmpty()
        || !Json.string(secret, "type").equals("kubernetes.io/service-account-token")) {
      return;
    }
    String namespace = Json.string(secret, "metadata", "namespace");
    Entry owner = store.collection(Authentication.SERVICE_ACCOUNTS).get(namespace, account);
    if (owner == null) {
      return;
    }
    ObjectNode data = Json.child(secret, "data");
    data.put(
        "token", base64(authentication.issueToken(namespace, account, owner.uid(), Instant.MAX)));
    data.put("ca.crt", base64(authorityPem));
    data.put("namespace", base64(namespace));
  }

  private static String base64(String text) {
    return java.util.Base64.getEncoder()
        .encodeToString(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  /**
   * Changes an object.
   *
   * @param subresource empty, {@code status}, or another that changes the object itself
   * @param change gets the object as {@code type} shows it and returns what it should be
   * @param applied whether {@code change} has done the book-keeping of managed fields
   */
  Result update(
      ResourceType type,
      String subresource,
      String namespace,
      String name,
      UnaryOperator<ObjectNode> change,
      boolean applied,
      Options options) {
    return store.locked(() -> {
      Entry entry = require(type, namespace, name);
      ObjectNode current = type.fromStorage(entry.object());
      ObjectNode wanted = Intake.accept(type, change.apply(current), options);
      ObjectNode metadata = Json.child(wanted, "metadata");
      Intake.checkNamespace(type, namespace, metadata);
      if (!Json.string(metadata, "name").equals(name)) {
        throw ApiException.badRequest(
            "the name of the object ("
                + Json.string(metadata, "name")
                + ") does not match the name on the URL ("
                + name
                + ")");
      }
      checkPreconditions(type, entry, metadata);
      ObjectNode merged = merged(type, subresource, current, wanted);
      Defaults.apply(type, merged);
      ObjectNode normal = Intake.normal(type, merged);
      Intake.validate(type, normal);
      if (sameButBookkeeping(current, normal) && !(applied && changesManagers(current, normal))) {
        return new Result(current, false);
      }
      if (countsGenerations(type) && changesIntent(type, current, normal)) {
        Json.child(normal, "metadata")
            .put("generation", Json.integer(current, "metadata", "generation") + 1);
      }
      if (!applied) {
        ManagedFields.updated(
            type.message(),
            current,
            normal,
            Manager.of(options.manager(), "Update", type, subresource));
      }
      if (type.isDefinition() && subresource.isEmpty()) {
        Definitions.asEstablished(normal);
      }
      if (options.dryRun()) {
        return new Result(Intake.normal(type, normal), false);
      }
      if (isDeleting(normal)
          && Json.strings(normal, "metadata", "finalizers").isEmpty()
          && !type.is("", "namespaces")) {
        deletions.remove(type, entry);
        return new Result(Intake.normal(type, normal), false);
      }
      Entry stored =
          store.put(catalog.storageType(type), type.toStorage(Intake.normal(type, normal)));
      after(type, stored);
      return new Result(type.fromStorage(stored.object()), false);
    });
  }

  /** What of {@code wanted} a request to that subresource may change. */
  private static ObjectNode merged(
      ResourceType type, String subresource, ObjectNode current, ObjectNode wanted) {
    ObjectNode merged = wanted.deepCopy();
    ObjectNode metadata = Json.child(merged, "metadata");
    if (subresource.equals("status")) {
      if (type.custom() != null) {
        metadata = current.path("metadata").deepCopy();
      }
      merged = current.deepCopy();
      merged.set("metadata", metadata);
      replace(merged, "status", wanted);
    } else if (type.hasStatus()) {
      replace(merged, "status", current);
    }
    for (String system :
        List.of(
            "uid",
            "creationTimestamp",
            "generation",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
            "resourceVersion")) {
      JsonNode value = Json.at(current, "metadata", system);
      if (value == null) {
        metadata.remove(system);
      } else {
        metadata.set(system, value);
      }
    }
    if (Json.at(metadata, "managedFields") == null) {
      JsonNode managers = Json.at(current, "metadata", "managedFields");
      if (managers != null) {
        metadata.set("managedFields", managers);
      }
    }
    return merged;
  }

  private static void replace(ObjectNode target, String field, ObjectNode source) {
    JsonNode value = Json.at(source, field);
    if (value == null) {
      target.remove(field);
    } else {
      target.set(field, value);
    }
  }

  private static boolean sameButBookkeeping(ObjectNode a, ObjectNode b) {
    return withoutManagers(a).equals(withoutManagers(b));
  }

  private static boolean changesManagers(ObjectNode a, ObjectNode b) {
    return !managers(a).equals(managers(b));
  }

  /** Who owns what, without when. */
  private static JsonNode managers(ObjectNode object) {
    var managers = Json.array();
    for (JsonNode entry : Json.elements(object, "metadata", "managedFields")) {
      ObjectNode copy = entry.deepCopy();
      copy.remove("time");
      managers.add(StructuralSchema.sorted(copy));
    }
    return managers;
  }

  private static ObjectNode withoutManagers(ObjectNode object) {
    ObjectNode copy = object.deepCopy();
    Json.child(copy, "metadata").remove(List.of("managedFields", "resourceVersion"));
    return copy;
  }

  private static boolean countsGenerations(ResourceType type) {
    return type.custom() != null
        || Set.of("apps", "batch", "autoscaling", "policy", "apiextensions.k8s.io")
            .contains(type.group())
        || type.is("", "pods");
  }

  private static boolean changesIntent(ResourceType type, ObjectNode before, ObjectNode after) {
    if (type.custom() == null) {
      return !Json.object()
          .set("s", before.path("spec"))
          .equals(Json.object().set("s", after.path("spec")));
    }
    ObjectNode a = before.deepCopy();
    ObjectNode b = after.deepCopy();
    a.remove("metadata");
    b.remove("metadata");
    if (type.hasStatus()) {
      a.remove("status");
      b.remove("status");
    }
    return !a.equals(b);
  }

  private void checkNamespaceTakes(ResourceType type, String namespace, ObjectNode metadata) {
    Entry entry = store.collection(NAMESPACES).get("", namespace);
    if (entry == null) {
      throw ApiException.notFound(NAMESPACES, namespace);
    }
    if (isDeleting(entry.object())) {
      String name = Json.string(metadata, "name");
      ApiException forbidden =
          ApiException.forbidden(
              type.groupResource(),
              name,
              "unable to create new content in namespace "
                  + namespace
                  + " because it is being terminated");
      throw new ApiException(
          forbidden
              .status()
              .withDetails(
                  new Details(
                      name,
                      type.group(),
                      type.plural(),
                      "",
                      List.of(
                          new Cause(
                              "NamespaceTerminating",
                              "namespace " + namespace + " is being terminated",
                              "metadata.namespace")),
                      0)));
    }
  }

  private static void checkPreconditions(ResourceType type, Entry entry, ObjectNode metadata) {
    String version = Json.string(metadata, "resourceVersion");
    if (version.isEmpty() && type.custom() != null) {
      throw ApiException.invalid(
          type.group(),
          type.plural(),
          entry.name(),
          List.of(
              new Cause(
                  "FieldValueInvalid",
                  "Invalid value: 0: must be specified for an update",
                  "metadata.resourceVersion")));
    }
    String uid = Json.string(metadata, "uid");
    if (!uid.isEmpty() && !uid.equals(entry.uid())) {
      throw ApiException.conflict(
          type.groupResource(),
          entry.name(),
          "StorageError: invalid object, Code: 4, Key: /registry/"
              + type.plural()
              + "/"
              + entry.key()
              + ", ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in"
              + " precondition: "
              + uid
              + ", UID in object meta: "
              + entry.uid());
    }
    if (!version.isEmpty() && !version.equals(Long.toString(entry.resourceVersion()))) {
      throw ApiException.conflict(
          type.groupResource(),
          entry.name(),
          "the object has been modified; please apply your changes to the latest version and try"
              + " again");
    }
  }

  private static boolean isDeleting(JsonNode object) {
    return Json.at(object, "metadata", "deletionTimestamp") != null;
  }

  Entry require(ResourceType type, String namespace, String name) {
    Entry entry = store.collection(type.storage()).get(namespace, name);
    if (entry == null) {
      throw ApiException.notFound(type.groupResource(), name);
    }
    return entry;
  }

  /** Server-side apply: creates or merges. */
  Result apply(
      ResourceType type,
      String subresource,
      String namespace,
      String name,
      ObjectNode configuration,
      boolean force,
      Options options) {
    if (Json.at(configuration, "metadata", "managedFields") != null) {
      throw ApiException.badRequest("metadata.managedFields must be nil");
    }
    Manager manager = Manager.of(options.manager(), "Apply", type, subresource);
    return store.locked(() -> {
      ObjectNode accepted = Intake.accept(type, configuration, options);
      // The normal form writes zeros that nobody has configured: keep what was sent.
      accepted = onlyWhatWasSent(accepted, configuration);
      Entry entry = store.collection(type.storage()).get(namespace, name);
      if (entry == null) {
        ObjectNode metadata = Json.child(accepted, "metadata");
        Intake.checkNamespace(type, namespace, metadata);
        metadata.put("name", name);
        Intake.checkName(type, name);
        if (type.namespaced()) {
          checkNamespaceTakes(type, namespace, metadata);
        }
        ObjectNode created = ManagedFields.applied(type.message(), null, accepted, manager, force);
        return new Result(insert(type, created, options, true), true);
      }
      ObjectNode configured = accepted;
      return update(
          type,
          subresource,
          namespace,
          name,
          current -> ManagedFields.applied(type.message(), current, configured, manager, force),
          true,
          options);
    });
  }

  private static ObjectNode onlyWhatWasSent(ObjectNode normal, ObjectNode sent) {
    ObjectNode out = Json.object();
    normal.forEachEntry((name, value) -> {
      JsonNode original = sent.get(name);
      if (original == null) {
        return;
      }
      if (value instanceof ObjectNode object && original instanceof ObjectNode from) {
        out.set(name, onlyWhatWasSent(object, from));
      } else if (value.isArray() && original.isArray() && value.size() == original.size()) {
        var list = out.putArray(name);
        for (int i = 0; i < value.size(); i++) {
          list.add(
              value.get(i) instanceof ObjectNode object
                      && original.get(i) instanceof ObjectNode from
                  ? onlyWhatWasSent(object, from)
                  : value.get(i));
        }
      } else if (!value.isNull()) {
        out.set(name, value);
      }
    });
    return out;
  }

  static ApiException alreadyExists(ResourceType type, String name) {
    return new ApiException(
        Status.failure(
                409, "AlreadyExists", type.groupResource() + " \"" + name + "\" already exists")
            .withDetails(new Details(name, type.group(), type.plural(), "", List.of(), 0)));
  }

  private String suffix() {
    StringBuilder suffix = new StringBuilder();
    for (int i = 0; i < 5; i++) {
      suffix.append(SUFFIX_LETTERS.charAt(random.nextInt(SUFFIX_LETTERS.length())));
    }
    return suffix.toString();
  }
}
