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
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Create, update, patch and delete, with what the kinds' strategies and the most needed controllers
 * of Kubernetes make of them. Every change is one step of the store.
 */
final class Writes {
  private static final Pattern SUBDOMAIN =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  private static final Pattern PATH_SEGMENT = Pattern.compile("[^/%]+");
  private static final String SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";
  private static final GroupResource NAMESPACES = GroupResource.NAMESPACES;

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
  private final Authentication authentication;
  private final Executor background;
  private final String authorityPem;
  private final SecureRandom random = new SecureRandom();

  Writes(
      ObjectStore store,
      Catalog catalog,
      Authentication authentication,
      Executor background,
      String authorityPem) {
    this.store = store;
    this.catalog = catalog;
    this.authentication = authentication;
    this.background = background;
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
                    "Unsupported value: \"" + dryRun + "\": supported values: \"All\"",
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
    ObjectNode object = accept(type, body, options);
    ObjectNode metadata = Json.child(object, "metadata");
    checkNamespace(type, namespace, metadata);
    if (!Json.string(metadata, "resourceVersion").isEmpty()) {
      throw new ApiException(
          Status.failure(500, "", "resourceVersion should not be set on objects to be created"));
    }
    return store.locked(() -> {
      String base = Json.string(metadata, "generateName");
      if (Json.string(metadata, "name").isEmpty() && !base.isEmpty()) {
        metadata.put("name", base + suffix());
      }
      checkName(type, Json.string(metadata, "name"));
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
    ObjectNode normal = normal(type, object);
    validate(type, normal);
    if (!applied) {
      ManagedFields.updated(
          type.message(),
          null,
          normal,
          new Manager(options.manager(), "Update", type.apiVersion(), ""));
    }
    if (options.dryRun()) {
      return normal;
    }
    established(type, normal);
    serviceAccountToken(type, normal);
    Entry entry = store.put(storageType(type), type.toStorage(normal(type, normal)));
    after(type, entry);
    return type.fromStorage(entry.object());
  }

  private ResourceType storageType(ResourceType type) {
    ResourceType storage = catalog.storageType(type.storage().group(), type.storage().resource());
    return storage == null ? type : storage;
  }

  /** What the store's content means for the server itself. */
  private void after(ResourceType type, Entry entry) {
    if (isDefinition(type)) {
      catalog.define(entry.object());
    } else if (type.is("", "namespaces") && !isDeleting(entry.object())) {
      defaultServiceAccount(entry.name());
    }
  }

  private static boolean isDefinition(ResourceType type) {
    return type.is("apiextensions.k8s.io", "customresourcedefinitions");
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

  /** A definition serves as soon as it is stored; its status says so. */
  private static void established(ResourceType type, ObjectNode definition) {
    if (!isDefinition(type)) {
      return;
    }
    ObjectNode status = Json.object();
    var conditions = status.putArray("conditions");
    String now = Canonical.SECONDS.format(Instant.now());
    for (String[] condition :
        new String[][] {
          {"NamesAccepted", "NoConflicts", "no conflicts found"},
          {"Established", "InitialNamesAccepted", "the initial names have been accepted"}
        }) {
      conditions
          .addObject()
          .put("type", condition[0])
          .put("status", "True")
          .put("lastTransitionTime", now)
          .put("reason", condition[1])
          .put("message", condition[2]);
    }
    status.set("acceptedNames", Json.child(Json.child(definition, "spec"), "names").deepCopy());
    var stored = status.putArray("storedVersions");
    for (JsonNode version : Json.elements(definition, "spec", "versions")) {
      if (Json.isTrue(version, "storage")) {
        stored.add(Json.string(version, "name"));
      }
    }
    definition.set("status", status);
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
      ObjectNode wanted = accept(type, change.apply(current), options);
      ObjectNode metadata = Json.child(wanted, "metadata");
      checkNamespace(type, namespace, metadata);
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
      ObjectNode normal = normal(type, merged);
      validate(type, normal);
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
            new Manager(options.manager(), "Update", type.apiVersion(), subresource));
      }
      if (isDefinition(type) && subresource.isEmpty()) {
        established(type, normal);
      }
      if (options.dryRun()) {
        return new Result(normal(type, normal), false);
      }
      if (isDeleting(normal)
          && Json.strings(normal, "metadata", "finalizers").isEmpty()
          && !type.is("", "namespaces")) {
        remove(type, entry);
        return new Result(normal(type, normal), false);
      }
      Entry stored = store.put(storageType(type), type.toStorage(normal(type, normal)));
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

  /**
   * Deletes an object, or marks it if it has finalizers.
   *
   * @return the last state, and whether it is gone
   */
  Deleted delete(ResourceType type, String namespace, String name, DeleteOptions options) {
    return store.locked(() -> {
      Entry entry = require(type, namespace, name);
      ObjectNode current = type.fromStorage(entry.object());
      options.check(type, entry);
      boolean marked =
          !Json.strings(current, "metadata", "finalizers").isEmpty() || type.is("", "namespaces");
      if (options.dryRun()) {
        return new Deleted(current, !marked);
      }
      if (!marked) {
        remove(type, entry);
        return new Deleted(type.fromStorage(entry.at(store.revision()).object()), true);
      }
      if (isDeleting(current)) {
        return new Deleted(current, false);
      }
      ObjectNode deleting = current.deepCopy();
      Json.child(deleting, "metadata")
          .put("deletionTimestamp", Canonical.SECONDS.format(Instant.now()))
          .put("deletionGracePeriodSeconds", 0);
      if (type.is("", "namespaces")) {
        Json.child(deleting, "status").put("phase", "Terminating");
      } else if (countsGenerations(type)) {
        Json.child(deleting, "metadata")
            .put("generation", Json.integer(current, "metadata", "generation") + 1);
      }
      Entry stored = store.put(storageType(type), type.toStorage(deleting));
      if (type.is("", "namespaces")) {
        background.execute(() -> empty(name));
      }
      return new Deleted(type.fromStorage(stored.object()), false);
    });
  }

  record Deleted(ObjectNode view, boolean gone) {
    /** The body that answers the DELETE. */
    ObjectNode answer(ResourceType type) {
      if (!isStatus(type)) {
        return view;
      }
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

    boolean isStatus(ResourceType type) {
      return gone && !(type.group().isEmpty() && ANSWERED_WITH_OBJECT.contains(type.plural()));
    }
  }

  private void remove(ResourceType type, Entry entry) {
    store.collection(type.storage()).remove(entry, store.nextRevision());
    if (isDefinition(type)) {
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
      Entry entry = store.collection(NAMESPACES).get("", namespace);
      if (!left && entry != null) {
        store.collection(NAMESPACES).remove(entry, store.nextRevision());
      }
      return left;
    });
  }

  /** An object as this server would store it: unknown fields gone, in its normal form. */
  private static ObjectNode accept(ResourceType type, ObjectNode body, Options options) {
    String kind = Json.string(body, "kind");
    String apiVersion = Json.string(body, "apiVersion");
    if (type.custom() != null && (kind.isEmpty() || apiVersion.isEmpty())) {
      throw ApiException.badRequest(
          "Object '" + (kind.isEmpty() ? "Kind" : "apiVersion") + "' is missing in the body");
    }
    if ((!kind.isEmpty() && !kind.equals(type.kind()))
        || (!apiVersion.isEmpty() && !apiVersion.equals(type.apiVersion()))) {
      throw ApiException.badRequest(
          "the object provided is unrecognized (must be of type "
              + type.kind()
              + "): "
              + apiVersion
              + ", Kind="
              + kind
              + " does not match "
              + type.apiVersion()
              + ", Kind="
              + type.kind());
    }
    ObjectNode object = Json.object();
    object.put("kind", type.kind()).put("apiVersion", type.apiVersion());
    body.forEachEntry(object::set);
    List<String> unknown;
    ObjectNode accepted;
    if (type.message() != null) {
      Canonical.Result result = Canonical.of(type.message(), object);
      unknown = result.unknownFields();
      accepted = result.object();
    } else {
      accepted = object.deepCopy();
      Canonical.Result metadata =
          Canonical.of(
              Schema.message(Schema.META + "ObjectMeta"),
              Json.requireObject(object.path("metadata"), "metadata"));
      accepted.set("metadata", metadata.object());
      StructuralSchema.Findings findings =
          StructuralSchema.apply(
              java.util.Objects.requireNonNull(type.custom()).schema(), accepted);
      unknown =
          java.util.stream.Stream.concat(
                  metadata.unknownFields().stream().map(f -> "metadata." + f),
                  findings.unknownFields().stream())
              .toList();
    }
    if (!unknown.isEmpty()) {
      String list =
          String.join(", ", unknown.stream().map(f -> "unknown field \"" + f + "\"").toList());
      if (options.validation().equals("Strict")) {
        throw ApiException.badRequest("strict decoding error: " + list);
      }
      if (!options.validation().equals("Ignore")) {
        for (String field : unknown) {
          options.warnings().accept("299 - \"unknown field \\\"" + field + "\\\"\"");
        }
      }
    }
    return accepted;
  }

  /** The form in which objects of a type are stored and compared. */
  private static ObjectNode normal(ResourceType type, ObjectNode object) {
    if (type.message() != null) {
      return Canonical.of(type.message(), object).object();
    }
    return (ObjectNode) StructuralSchema.sorted(object);
  }

  private static void validate(ResourceType type, ObjectNode object) {
    String name = Json.string(object, "metadata", "name");
    if (type.custom() != null) {
      List<Cause> errors =
          StructuralSchema.apply(type.custom().schema(), object.deepCopy()).errors();
      if (!errors.isEmpty()) {
        throw ApiException.invalid(type.group(), type.kind(), name, errors);
      }
    } else if (type.is("", "pods")
        && !Json.elements(object, "spec", "containers").iterator().hasNext()) {
      throw ApiException.invalid(
          "",
          "Pod",
          name,
          List.of(new Cause("FieldValueRequired", "Required value", "spec.containers")));
    } else if (isDefinition(type)) {
      String expected =
          Json.string(object, "spec", "names", "plural")
              + "."
              + Json.string(object, "spec", "group");
      if (!name.equals(expected)) {
        throw ApiException.invalid(
            type.group(),
            type.kind(),
            name,
            List.of(
                new Cause(
                    "FieldValueInvalid",
                    "Invalid value: \"" + name + "\": must be spec.names.plural+\".\"+spec.group",
                    "metadata.name")));
      }
    } else if (type.is("apps", "deployments") || type.is("apps", "replicasets")) {
      if (Json.integer(object, "spec", "replicas") < 0) {
        throw ApiException.invalid(
            type.group(),
            type.kind(),
            name,
            List.of(
                new Cause(
                    "FieldValueInvalid",
                    "Invalid value: "
                        + Json.integer(object, "spec", "replicas")
                        + ": must be greater than or equal to 0",
                    "spec.replicas")));
      }
    }
  }

  private static void checkNamespace(ResourceType type, String namespace, ObjectNode metadata) {
    String given = Json.string(metadata, "namespace");
    if (!type.namespaced()) {
      metadata.remove("namespace");
      return;
    }
    if (given.isEmpty()) {
      metadata.put("namespace", namespace);
    } else if (!given.equals(namespace)) {
      throw ApiException.badRequest(
          "the namespace of the provided object does not match the namespace sent on the request");
    }
  }

  private static void checkName(ResourceType type, String name) {
    if (name.isEmpty()) {
      throw ApiException.invalid(
          type.group(),
          type.kind(),
          "",
          List.of(
              new Cause(
                  "FieldValueRequired",
                  "Required value: name or generateName is required",
                  "metadata.name")));
    }
    boolean free = type.group().equals("rbac.authorization.k8s.io");
    if (!(free ? PATH_SEGMENT : SUBDOMAIN).matcher(name).matches() || name.length() > 253) {
      throw ApiException.invalid(
          type.group(),
          type.kind(),
          name,
          List.of(
              new Cause(
                  "FieldValueInvalid",
                  "Invalid value: \""
                      + name
                      + "\": a lowercase RFC 1123 subdomain must consist of lower case"
                      + " alphanumeric characters, '-' or '.', and must start and end with an"
                      + " alphanumeric character (e.g. 'example.com', regex used for validation is"
                      + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
                  "metadata.name")));
    }
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
          type.kind(),
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
          "Precondition failed: UID in precondition: "
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
    Manager manager = new Manager(options.manager(), "Apply", type.apiVersion(), subresource);
    return store.locked(() -> {
      ObjectNode accepted = accept(type, configuration, options);
      // The normal form writes zeros that nobody has configured: keep what was sent.
      accepted = onlyWhatWasSent(accepted, configuration);
      Entry entry = store.collection(type.storage()).get(namespace, name);
      if (entry == null) {
        ObjectNode metadata = Json.child(accepted, "metadata");
        checkNamespace(type, namespace, metadata);
        metadata.put("name", name);
        checkName(type, name);
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

  /**
   * The options of a DELETE, from its body or else from its query.
   *
   * @param uid empty: any
   * @param resourceVersion empty: any
   */
  record DeleteOptions(String uid, String resourceVersion, boolean dryRun) {
    static DeleteOptions of(ServerRequest request) {
      if (request.body().length == 0) {
        return new DeleteOptions("", "", request.dryRun());
      }
      ObjectNode body = RequestBody.object(request, Schema.message(Schema.META + "DeleteOptions"));
      return new DeleteOptions(
          Json.string(body, "preconditions", "uid"),
          Json.string(body, "preconditions", "resourceVersion"),
          Json.strings(body, "dryRun").contains("All"));
    }

    void check(ResourceType type, Entry entry) {
      if (!uid.isEmpty() && !uid.equals(entry.uid())) {
        throw ApiException.conflict(
            type.groupResource(),
            entry.name(),
            "Precondition failed: UID in precondition: "
                + uid
                + ", UID in object meta: "
                + entry.uid());
      }
      if (!resourceVersion.isEmpty()
          && !resourceVersion.equals(Long.toString(entry.resourceVersion()))) {
        throw ApiException.conflict(
            type.groupResource(),
            entry.name(),
            "Precondition failed: ResourceVersion in precondition: "
                + resourceVersion
                + ", ResourceVersion in object meta: "
                + entry.resourceVersion());
      }
    }
  }
}
