package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.Negotiation.Answer;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.user.UserInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way of a request through a simulated API server, top to bottom. */
final class ApiServer {
  private static final Logger LOG = LoggerFactory.getLogger(ApiServer.class);

  private final ObjectStore store;
  private final Catalog catalog;
  private final Faults faults;
  private final Authentication authentication;
  private final Rbac rbac;
  private final Reads reads;
  private final Writes writes;
  private final Deletions deletions;
  private final Reviews reviews;
  private final Discovery discovery;
  private final OpenApi openApi;
  private final String version;

  ApiServer(
      ObjectStore store,
      Catalog catalog,
      Faults faults,
      Authentication authentication,
      Reads reads,
      Writes writes,
      Deletions deletions,
      String version) {
    this.store = store;
    this.catalog = catalog;
    this.faults = faults;
    this.authentication = authentication;
    this.rbac = new Rbac(store);
    this.reads = reads;
    this.writes = writes;
    this.deletions = deletions;
    this.reviews = new Reviews(authentication, rbac);
    this.discovery = new Discovery(catalog);
    this.openApi = new OpenApi(discovery);
    this.version = version;
  }

  void handle(ServerRequest request, ServerResponse response) {
    String auditId = request.header("audit-id");
    response.header("audit-id", auditId.isEmpty() ? UUID.randomUUID().toString() : auditId);
    response.header("cache-control", "no-cache, private");
    try {
      Target target = Target.of(request);
      faults.beforeAnswer(target);
      request.checkTimeout();
      UserInfo real = authentication.authenticate(request);
      UserInfo user = Authentication.impersonated(request, real, rbac);
      Rbac.Decision decision = rbac.authorize(user, target);
      if (!decision.allowed()) {
        throw Rbac.forbidden(user, target, decision);
      }
      if (target.isResource()) {
        resource(target, user, request, response);
      } else {
        path(target.path(), request, response);
      }
    } catch (ApiException e) {
      refuse(e.status(), request, response);
    } catch (IOException e) {
      // The client went away in the middle of an answer.
      response.abort();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      response.abort();
    } catch (RuntimeException e) {
      LOG.warn("{} {} failed", request.method(), request.path(), e);
      refuse(ApiException.internal(String.valueOf(e.getMessage()), e).status(), request, response);
    }
  }

  private static void refuse(Status status, ServerRequest request, ServerResponse response) {
    if (response.started()) {
      response.abort();
      return;
    }
    if (status.retryAfterSeconds() > 0) {
      response.header("retry-after", Integer.toString(status.retryAfterSeconds()));
    }
    if (status.code() == 403) {
      response.header("x-content-type-options", "nosniff");
    }
    ObjectNode json = Json.status(status);
    Negotiation.Format format = Negotiation.ofError(request);
    byte[] body =
        format == Negotiation.Format.PROTOBUF
            ? ObjectEncoder.protobuf(json)
            : ObjectEncoder.text(
                json,
                new Negotiation(
                    format, Negotiation.Transform.NONE, "", Negotiation.pretty(request)));
    response.send(status.code(), format.mediaType(), body);
  }

  private void path(String path, ServerRequest request, ServerResponse response) {
    if (!List.of("GET", "HEAD").contains(request.method())) {
      throw ApiException.methodNotAllowed();
    }
    List<String> parts = List.of(path.substring(1).split("/", -1));
    switch (parts.getFirst()) {
      case "api", "apis" -> discovery(parts, request, response);
      case "openapi" -> openApi(path, request, response);
      case "version" -> response.send(200, "application/json", Json.pretty(version()));
      case "healthz", "livez", "readyz" -> health(parts.getFirst(), request, response);
      case "" -> {
        ObjectNode paths = Json.object();
        var list = paths.putArray("paths");
        list.add("/api").add("/api/v1").add("/apis");
        discovery.groupVersions().keySet().stream()
            .filter(groupVersion -> groupVersion.startsWith("apis/"))
            .forEach(groupVersion -> list.add("/" + groupVersion));
        list.add("/healthz").add("/livez").add("/openapi/v2").add("/openapi/v3");
        list.add("/readyz").add("/version");
        response.send(200, "application/json", Json.pretty(paths));
      }
      default -> throw ApiException.noSuchResource();
    }
  }

  private ObjectNode version() {
    String[] numbers = version.split("[.+-]", -1);
    return Json.object()
        .put("major", numbers[0].substring(1))
        .put("minor", numbers[1])
        .put("gitVersion", version)
        .put("gitCommit", "")
        .put("gitTreeState", "clean")
        .put("buildDate", "1970-01-01T00:00:00Z")
        .put("goVersion", "")
        .put("compiler", "")
        .put("platform", "linux/amd64");
  }

  private static void health(String what, ServerRequest request, ServerResponse response) {
    String text =
        request.query().containsKey("verbose") ? "[+]ping ok\n" + what + " check passed\n" : "ok";
    response.send(200, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
  }

  private void discovery(List<String> parts, ServerRequest request, ServerResponse response) {
    boolean core = parts.getFirst().equals("api");
    if (parts.size() == 1 && Discovery.wantsAggregated(request)) {
      cacheable(
          Discovery.AGGREGATED,
          Json.bytes(discovery.aggregated(core)),
          "public",
          request,
          response);
      return;
    }
    ObjectNode document =
        switch (parts.size()) {
          case 1 -> core ? discovery.coreVersions() : discovery.groupList();
          case 2 -> core ? discovery.resources("", parts.get(1)) : discovery.group(parts.get(1));
          case 3 -> {
            if (core) {
              throw ApiException.noSuchResource();
            }
            yield discovery.resources(parts.get(1), parts.get(2));
          }
          default -> throw ApiException.noSuchResource();
        };
    Negotiation how =
        new Negotiation(
            Negotiation.Format.JSON, Negotiation.Transform.NONE, "", Negotiation.pretty(request));
    response.send(200, "application/json", ObjectEncoder.text(document, how));
  }

  /** Sends a document under an ETag, or 304 to who has it. */
  private static void cacheable(
      String contentType,
      byte[] body,
      String cacheControl,
      ServerRequest request,
      ServerResponse response) {
    String tag = "\"" + OpenApi.hash(body) + "\"";
    response.header("etag", tag);
    response.header("vary", "Accept");
    response.header("cache-control", cacheControl);
    if (request.header("if-none-match").equals(tag)) {
      response.send(304, "", new byte[0]);
    } else {
      response.send(200, contentType, body);
    }
  }

  private void openApi(String path, ServerRequest request, ServerResponse response) {
    if (path.equals("/openapi/v2")) {
      openApiV2(request, response);
    } else if (path.equals("/openapi/v3")) {
      cacheable(
          "application/json", Json.bytes(openApi.index()), "no-cache, private", request, response);
    } else if (path.startsWith("/openapi/v3/")) {
      String groupVersion = path.substring("/openapi/v3/".length());
      byte[] body = Json.bytes(openApi.document(groupVersion));
      String hash = OpenApi.hash(body);
      String asked = request.parameter("hash");
      if (!asked.isEmpty() && !asked.equals(hash)) {
        response.header("location", "/openapi/v3/" + groupVersion + "?hash=" + hash);
        response.send(301, "text/plain", new byte[0]);
        return;
      }
      cacheable(
          "application/json",
          body,
          asked.isEmpty() ? "no-cache, private" : "public, immutable",
          request,
          response);
    } else {
      throw ApiException.noSuchResource();
    }
  }

  private void openApiV2(ServerRequest request, ServerResponse response) {
    boolean protobuf =
        request.header("accept").contains(OpenApiProtobuf.ACCEPTED)
            || request.header("accept").contains(OpenApiProtobuf.MEDIA_TYPE);
    ObjectNode document = openApi.swagger();
    cacheable(
        protobuf ? OpenApiProtobuf.MEDIA_TYPE : "application/json",
        protobuf ? OpenApiProtobuf.encode(document) : Json.bytes(document),
        "no-cache, private",
        request,
        response);
  }

  private void resource(
      Target target, UserInfo user, ServerRequest request, ServerResponse response)
      throws IOException, InterruptedException {
    ResourceType type = catalog.find(target.group(), target.version(), target.resource());
    if (type == null) {
      if (catalog.all().noneMatch(t -> t.group().equals(target.group()))) {
        byte[] text = "404 page not found\n".getBytes(StandardCharsets.UTF_8);
        response.send(404, "text/plain; charset=utf-8", text);
        return;
      }
      throw ApiException.noSuchResource();
    }
    if (request.method().equals("HEAD")) {
      throw ApiException.methodNotAllowed();
    }
    if (!target.subresource().isEmpty()) {
      subresource(type, target, request, response);
      return;
    }
    if (!type.verbs().contains(target.verb())
        || (type.namespaced()
            && target.namespace().isEmpty()
            && List.of("create", "update", "patch", "delete").contains(target.verb()))
        || (target.verb().equals("create") && !target.name().isEmpty())
        || (List.of("update", "patch").contains(target.verb()) && target.name().isEmpty())) {
      throw ApiException.methodNotAllowed();
    }
    // A namespace is its own namespace in authorization, but not in storage.
    Target stored = type.namespaced() ? target : withoutNamespace(target);
    switch (target.verb()) {
      case "get" -> reads.get(type, stored, request, response);
      case "list" -> reads.list(type, stored, request, response);
      case "watch" -> reads.watch(type, stored, request, response);
      case "create" -> create(type, stored, user, request, response);
      case "update" -> update(type, stored, request, response);
      case "patch" -> patch(type, stored, request, response);
      case "delete" -> delete(type, stored, request, response);
      case "deletecollection" -> deleteCollection(type, stored, request, response);
      default -> throw ApiException.methodNotAllowed();
    }
  }

  private static Target withoutNamespace(Target target) {
    return new Target(
        target.verb(),
        target.path(),
        target.group(),
        target.version(),
        "",
        target.resource(),
        target.subresource(),
        target.name());
  }

  private void create(
      ResourceType type,
      Target target,
      UserInfo user,
      ServerRequest request,
      ServerResponse response) {
    Negotiation how = Negotiation.of(request, type, Answer.OBJECT);
    RequestBody.checkSize(request);
    ObjectNode body = RequestBody.object(request, type.protobuf() ? type.message() : null);
    Writes.Options options = Writes.Options.of(request, response);
    if (Reviews.isReview(type)) {
      ObjectNode answer = reviews.answer(type, target.namespace(), body, user);
      ManagedFields.updated(
          type.message(),
          null,
          answer,
          ManagedFields.Manager.of(options.manager(), "Update", type, ""));
      send(
          201,
          type,
          Canonical.of(java.util.Objects.requireNonNull(type.message()), answer).object(),
          how,
          response);
      return;
    }
    Writes.Result result = writes.create(type, target.namespace(), body, options);
    send(201, type, result.view(), how, response);
  }

  private void update(
      ResourceType type, Target target, ServerRequest request, ServerResponse response) {
    Negotiation how = Negotiation.of(request, type, Answer.OBJECT);
    RequestBody.checkSize(request);
    ObjectNode body = RequestBody.object(request, type.protobuf() ? type.message() : null);
    Writes.Result result =
        writes.update(
            type,
            target.subresource(),
            target.namespace(),
            target.name(),
            current -> body,
            false,
            Writes.Options.of(request, response));
    send(200, type, result.view(), how, response);
  }

  private void patch(
      ResourceType type, Target target, ServerRequest request, ServerResponse response) {
    Negotiation how = Negotiation.of(request, type, Answer.OBJECT);
    RequestBody.checkSize(request);
    Writes.Options options = Writes.Options.of(request, response);
    Writes.Result result;
    if (RequestBody.mediaType(request).equals(Patches.APPLY)) {
      if (request.parameter("fieldManager").isEmpty()) {
        throw ApiException.invalid(
            "meta.k8s.io",
            "PatchOptions",
            "",
            List.of(
                new Status.Cause(
                    "FieldValueRequired",
                    "Required value: is required for apply patch",
                    "fieldManager")));
      }
      result =
          writes.apply(
              type,
              target.subresource(),
              target.namespace(),
              target.name(),
              Json.requireObject(RequestBody.yaml(request.body()), "an applied configuration"),
              request.flag("force"),
              options);
    } else {
      result =
          writes.update(
              type,
              target.subresource(),
              target.namespace(),
              target.name(),
              current -> Patches.apply(type, current, request),
              false,
              options);
    }
    send(result.created() ? 201 : 200, type, result.view(), how, response);
  }

  private void delete(
      ResourceType type, Target target, ServerRequest request, ServerResponse response) {
    Negotiation how = Negotiation.of(request, type, Answer.OBJECT);
    DeleteOptions options = DeleteOptions.of(request);
    Deletions.Deleted deleted = deletions.delete(type, target.namespace(), target.name(), options);
    if (deleted.isStatus(type)) {
      sendStatus(200, deleted.status(type), how, response);
    } else {
      send(200, type, deleted.view(), how, response);
    }
  }

  private void deleteCollection(
      ResourceType type, Target target, ServerRequest request, ServerResponse response)
      throws IOException, InterruptedException {
    Negotiation how = Negotiation.of(request, type, Answer.LIST);
    ListOptions options = ListOptions.of(request, type);
    options.checkList();
    DeleteOptions deleteOptions = DeleteOptions.of(request);
    Reads.Page page = reads.page(type, target.namespace(), options);
    for (Entry entry : page.entries()) {
      try {
        deletions.delete(type, entry.namespace(), entry.name(), deleteOptions);
      } catch (ApiException e) {
        if (e.status().code() != 404) {
          throw e;
        }
      }
    }
    ObjectEncoder encoder = new ObjectEncoder(type, how, "");
    try (var out = response.stream(200, encoder.contentType(false), -1)) {
      encoder.list(new ObjectEncoder.ListMeta(store.revision(), "", -1), page.entries(), out);
    }
  }

  private void subresource(
      ResourceType type, Target target, ServerRequest request, ServerResponse response)
      throws IOException, InterruptedException {
    ResourceType.Subresource subresource = type.subresource(target.subresource());
    if (subresource == null) {
      throw ApiException.noSuchResource();
    }
    if (!subresource.verbs().contains(target.verb())) {
      throw ApiException.methodNotAllowed();
    }
    Target stored = type.namespaced() ? target : withoutNamespace(target);
    switch (subresource.name()) {
      case "scale" -> scale(type, stored, request, response);
      case "token" -> token(type, stored, request, response);
      case "eviction" -> evict(type, stored, request, response);
      case "binding" -> bind(type, stored, request, response);
      case "finalize" -> finalizeNamespace(type, stored, request, response);
      default -> {
        switch (target.verb()) {
          case "get" -> reads.get(type, stored, request, response);
          case "update" -> update(type, stored, request, response);
          default -> patch(type, stored, request, response);
        }
      }
    }
  }

  private void scale(
      ResourceType type, Target target, ServerRequest request, ServerResponse response) {
    Negotiation how = Negotiation.of(request, Scales.TYPE, Answer.OBJECT);
    if (target.verb().equals("get")) {
      Entry entry = writes.require(type, target.namespace(), target.name());
      send(200, Scales.TYPE, Scales.of(type, type.fromStorage(entry.object())), how, response);
      return;
    }
    Writes.Result result =
        writes.update(
            type,
            "scale",
            target.namespace(),
            target.name(),
            current -> {
              ObjectNode scale = Scales.of(type, current);
              ObjectNode wanted =
                  target.verb().equals("update")
                      ? RequestBody.object(request, Scales.TYPE.message())
                      : Patches.apply(Scales.TYPE, scale, request);
              return Scales.applied(
                  type,
                  current,
                  Canonical.of(java.util.Objects.requireNonNull(Scales.TYPE.message()), wanted)
                      .object());
            },
            false,
            Writes.Options.of(request, response));
    send(200, Scales.TYPE, Scales.of(type, result.view()), how, response);
  }

  private void token(
      ResourceType type, Target target, ServerRequest request, ServerResponse response) {
    Negotiation how = Negotiation.of(request, Scales.TYPE, Answer.OBJECT);
    ObjectNode body =
        RequestBody.object(request, Schema.message("io.k8s.api.authentication.v1.TokenRequest"));
    Entry account = writes.require(type, target.namespace(), target.name());
    ObjectNode answer = reviews.tokenRequest(account, body);
    sendView(
        201,
        "authentication.k8s.io/v1",
        "TokenRequest",
        Schema.message("io.k8s.api.authentication.v1.TokenRequest"),
        answer,
        how,
        response);
  }

  private void evict(
      ResourceType type, Target target, ServerRequest request, ServerResponse response) {
    Negotiation how = Negotiation.of(request, Scales.TYPE, Answer.OBJECT);
    ObjectNode body = RequestBody.object(request, Schema.message("io.k8s.api.policy.v1.Eviction"));
    DeleteOptions sent = DeleteOptions.of(body.path("deleteOptions"));
    DeleteOptions options =
        new DeleteOptions(
            sent.uid(),
            sent.resourceVersion(),
            sent.graceSeconds(),
            sent.dryRun() || request.dryRun());
    var _ = deletions.delete(type, target.namespace(), target.name(), options);
    sendStatus(201, Json.status(new Status(true, "", "", 201, null, "")), how, response);
  }

  private void bind(
      ResourceType type, Target target, ServerRequest request, ServerResponse response) {
    Negotiation how = Negotiation.of(request, Scales.TYPE, Answer.OBJECT);
    ObjectNode body = RequestBody.object(request, Schema.message("io.k8s.api.core.v1.Binding"));
    String node = Json.string(body, "target", "name");
    var _ =
        writes.update(
            type,
            "binding",
            target.namespace(),
            target.name(),
            current -> {
              ObjectNode bound = current.deepCopy();
              Json.child(bound, "spec").put("nodeName", node);
              return bound;
            },
            false,
            Writes.Options.of(request, response));
    sendStatus(201, Json.status(new Status(true, "", "", 201, null, "")), how, response);
  }

  private void finalizeNamespace(
      ResourceType type, Target target, ServerRequest request, ServerResponse response) {
    Negotiation how = Negotiation.of(request, Scales.TYPE, Answer.OBJECT);
    Entry entry = writes.require(type, "", target.name());
    send(200, type, type.fromStorage(entry.object()), how, response);
  }

  private void send(
      int status, ResourceType type, ObjectNode view, Negotiation how, ServerResponse response) {
    ObjectEncoder encoder = new ObjectEncoder(type, how, "");
    response.send(status, encoder.contentType(false), faults.sent(encoder.object(view)));
  }

  private static void sendStatus(
      int code, ObjectNode status, Negotiation how, ServerResponse response) {
    sendView(code, "v1", "Status", Schema.message(Schema.META + "Status"), status, how, response);
  }

  private static void sendView(
      int code,
      String apiVersion,
      String kind,
      Schema.Message message,
      ObjectNode view,
      Negotiation how,
      ServerResponse response) {
    response.send(
        code,
        how.format().mediaType(),
        how.format() == Negotiation.Format.PROTOBUF
            ? ProtobufCodec.envelope(apiVersion, kind, ProtobufCodec.encode(message, view))
            : ObjectEncoder.text(view, how));
  }
}
