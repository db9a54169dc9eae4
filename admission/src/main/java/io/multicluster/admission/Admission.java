package io.multicluster.admission;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.admission.KubeObject.Owner;
import io.multicluster.admission.MemberPods.Pod;
import io.multicluster.admission.MemberPods.PodOwner;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.negotiate.Format;
import io.multicluster.wire.negotiate.Negotiator;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.request.DeleteOptions;
import io.multicluster.wire.request.ListOptions;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.resource.GroupVersionResource;
import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.StatusDecoder;
import io.multicluster.wire.status.StatusEncoder;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of one change: read, compute, judge, write. Safe for use by any number of virtual
 * threads; blocks.
 *
 * <p>What was judged is what happens: the write carries the resourceVersion of the judged state as
 * its precondition, and when another writer was faster all begins anew, unless it was the client
 * who insisted on a state. Changes that no rule concerns go on untouched after one read. Whatever
 * keeps a change from being judged refuses it.
 */
public final class Admission {
  private static final Logger LOG = LoggerFactory.getLogger(Admission.class);
  private static final int ATTEMPTS = 16;
  private static final int REMEMBERED_OBJECTS = 100_000;
  private static final GroupResource CLUSTERS = new GroupResource("cluster.karmada.io", "clusters");

  /** Older than any object: as a precondition it means that there is none. */
  private static final String BEFORE_ALL = "1";

  private final PolicySource source;
  private final MemberPods pods;
  private final AdmissionSettings settings;
  private final ReplicaHistory history;
  private final PodRules podRules;

  public Admission(PolicySource source, MemberPods pods, AdmissionSettings settings) {
    this(source, pods, settings, System::nanoTime);
  }

  Admission(
      PolicySource source, MemberPods pods, AdmissionSettings settings, LongSupplier nanoTime) {
    this.source = source;
    this.pods = pods;
    this.settings = settings;
    this.history = new ReplicaHistory(nanoTime, PolicyParser.LONGEST_WINDOW, REMEMBERED_OBJECTS);
    this.podRules = new PodRules(history, nanoTime);
  }

  /**
   * Whether a request about an object of an API server is to be given to {@link #admit}, and its
   * body to be read for that. All others go on untouched.
   */
  public static boolean concerns(RequestInfo info) {
    if (!info.resourceRequest()) {
      return false;
    }
    String part = info.subresource();
    if (part.equals("proxy")) {
      return info.groupResource().equals(CLUSTERS);
    }
    return switch (info.verb()) {
      case "create" -> part.isEmpty();
      case "update", "patch" ->
          switch (part) {
            case "", "scale", "status", "finalize" -> true;
            default -> false;
          };
      case "delete", "deletecollection" -> true;
      default -> false;
    };
  }

  /** The same for the removal of pods that live in members; the cache tells enough of them. */
  public static boolean concernsRemovalOfPods(RequestInfo info) {
    return switch (info.verb()) {
      case "create" -> info.subresource().equals("eviction");
      case "delete", "deletecollection" -> info.subresource().isEmpty();
      default -> false;
    };
  }

  /** The same for a change of a pod, of which its member has to be asked. */
  public static boolean concernsChangeOfPod(RequestInfo info) {
    return info.groupResource().equals(GroupResource.PODS)
        && switch (info.verb()) {
          case "update", "patch" ->
              info.subresource().isEmpty() || info.subresource().equals("status");
          default -> false;
        };
  }

  /**
   * Judges a request and, where only that is free of races, carries it out.
   *
   * @throws ApiException if it is refused, can't be judged, or fails
   */
  public Outcome admit(AdmissionRequest request) {
    if (request.info().subresource().equals("proxy")) {
      return throughMember(request);
    }
    if (request.toPods() && !concernsChangeOfPod(request.info())) {
      return pods(request);
    }
    return switch (request.info().verb()) {
      case "create" -> create(request);
      case "update", "patch" -> change(request);
      case "delete" -> delete(request);
      case "deletecollection" -> deleteCollection(request);
      default -> Outcome.PassOn.UNJUDGED;
    };
  }

  /** Karmada's way into a member would lead around everything here; there is our own instead. */
  private static Outcome throughMember(AdmissionRequest request) {
    if (!request.info().readOnly() && !streams(request.info().rest())) {
      throw ApiException.forbidden(
          CLUSTERS,
          request.info().name(),
          "changes do not go through its proxy: use the entry /clusters/" + request.info().name());
    }
    return Outcome.PassOn.UNJUDGED;
  }

  private static boolean streams(String path) {
    return path.endsWith("/exec") || path.endsWith("/attach") || path.endsWith("/portforward");
  }

  // ---- create

  private Outcome create(AdmissionRequest request) {
    Rules rules = rules();
    ReplicaPath path = rules.replicaPath(request.key().resource());
    if (path == null
        || !rules.limitsScaling()
        || !request.info().subresource().isEmpty()
        || (!path.scaler() && (history.size() == 0 || !rules.limitCreation(request.key())))) {
      return Outcome.PassOn.UNJUDGED;
    }
    KubeObject after = Reads.object(dryRun(request, request.body()));
    Findings findings = created(request, rules, path, after);
    settle(request, findings, after);
    return passOn(findings);
  }

  private Findings created(
      AdmissionRequest request, Rules rules, ReplicaPath path, KubeObject after) {
    ObjectKey key = request.key();
    ObjectKey named = new ObjectKey(key.cluster(), key.resource(), key.namespace(), after.name());
    Findings findings = new Findings(settings, request.user());
    rules.creation(findings, named, after);
    if (path.scaler()) {
      scaler(request, rules, findings, named, null, after);
    }
    return findings;
  }

  // ---- update, patch, apply, scale

  private Outcome change(AdmissionRequest request) {
    ConditionalBody body = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Reads reads = new Reads(request.server(), request.auditId());
      Rules rules = rules();
      KubeObject before = reads.get(request.objectPath());
      if (before == null && (request.toPods() || !rules.limitCreation(request.key()))) {
        return Outcome.PassOn.UNJUDGED;
      }
      if (before != null && !rules.concern(request.key(), before)) {
        return Outcome.PassOn.UNJUDGED;
      }
      if (body == null) {
        body = ConditionalBody.of(request.info(), request.contentType(), request.body());
      }
      if (before == null && !body.creates()) {
        throw ApiException.notFound(request.key().resource(), request.key().name());
      }
      String claimed = body.claimed();
      String version = before == null ? BEFORE_ALL : before.resourceVersion();
      if (claimed != null && !claimed.equals(version)) {
        throw modified(request);
      }
      byte[] conditional = body.onlyIf(version);
      ApiServer.Answer trial = dryRun(request, conditional);
      if (claimed == null && isConflict(trial) && isOutdated(reads, request, version)) {
        continue;
      }
      KubeObject trialled = Reads.object(trial);
      Judgement judgement = judge(request, rules, reads, before, trialled);
      Findings findings = judgement.findings;
      try {
        settle(request, findings, trialled);
        if (!request.isDryRun()) {
          note(request, rules, before, trialled);
        }
      } catch (ApiException refused) {
        judgement.notDone.run();
        throw refused;
      }
      if (request.isDryRun()) {
        judgement.notDone.run();
        return passOn(findings);
      }
      ApiServer.Answer answer =
          request
              .server()
              .call(head(request, request.head().query(), null), conditional, request.user());
      if (answer.status() / 100 == 4) {
        judgement.notDone.run();
      }
      if (claimed == null && isConflict(answer) && isOutdated(reads, request, version)) {
        continue;
      }
      if (answer.successful()) {
        note(request, rules, before, trialled);
      }
      return new Outcome.Answered(answer, findings.warnings(), findings.records());
    }
    throw modified(request);
  }

  /**
   * What was found.
   *
   * @param notDone to be run if the change is not made
   */
  private record Judgement(Findings findings, Runnable notDone) {
    /** Of what nobody has counted. */
    Judgement(Findings findings) {
      this(findings, () -> {});
    }
  }

  private Judgement judge(
      AdmissionRequest request,
      Rules rules,
      Reads reads,
      @Nullable KubeObject before,
      KubeObject trialled) {
    ObjectKey key = request.key();
    ReplicaPath path = rules.replicaPath(key.resource());
    if (before == null) {
      return new Judgement(
          path == null
              ? new Findings(settings, request.user())
              : created(request, rules, path, trialled));
    }
    if (request.toPods()) {
      return judgePod(request, rules, reads, before, trialled);
    }
    KubeObject after = after(request, path, before, trialled);
    Findings findings = new Findings(settings, request.user());
    rules.update(findings, key, before, after);
    if (path != null && path.scaler()) {
      scaler(request, rules, findings, key, before, after);
    }
    Containment containment = containment(request, rules, reads, findings);
    if (before.terminating() && before.hasFinalizers() && !after.hasFinalizers()) {
      deletion(rules, containment, findings, key, before, false);
    }
    List<Owner> added = new ArrayList<>(after.owners());
    added.removeAll(before.owners());
    if (!added.isEmpty()) {
      adoption(request, rules, reads, findings, before, added);
    }
    return new Judgement(findings);
  }

  /** A change that has a pod's owner lose it counts as the pod's deletion. */
  private Judgement judgePod(
      AdmissionRequest request, Rules rules, Reads reads, KubeObject before, KubeObject trialled) {
    Findings findings = new Findings(settings, request.user());
    rules.update(findings, request.key(), before, trialled);
    String departure =
        before.terminating()
            ? null
            : PodDeparture.of(before, trialled, containment(request, rules, reads, findings));
    if (departure == null) {
      return new Judgement(findings);
    }
    Pod pod = PodDeparture.pod(request.info().cluster(), before);
    PodOwner owner = pod.owner();
    Findings removal = new Findings(settings, request.user());
    boolean counted =
        podRules.remove(
            removal,
            rules.policies(),
            pod,
            owner == null ? List.of() : pods.ownedBy(owner),
            it -> {
              it.override(reason(request, trialled));
              return it.refusals().isEmpty();
            });
    findings.include(departure, removal);
    return new Judgement(findings, counted ? () -> podRules.undo(pod) : () -> {});
  }

  /** An owner that is not there has the garbage collector delete what it is said to own. */
  private void adoption(
      AdmissionRequest request,
      Rules rules,
      Reads reads,
      Findings findings,
      KubeObject object,
      List<Owner> added) {
    Findings deletion = new Findings(settings, findings.user());
    Containment containment = containment(request, rules, reads, deletion);
    deletion(rules, containment, deletion, request.key(), object, true);
    for (Owner owner : added) {
      if (!deletion.none() && !containment.isAlive(owner, object.namespace())) {
        findings.include(
            "owner " + owner.kind() + " \"" + owner.name() + "\" is not there or going", deletion);
        return;
      }
    }
  }

  private static KubeObject after(
      AdmissionRequest request,
      @Nullable ReplicaPath path,
      KubeObject before,
      KubeObject trialled) {
    if (!request.info().subresource().equals("scale")) {
      return trialled;
    }
    if (path == null) {
      // Where the replicas are is not known, so nothing can be judged by them.
      throw ApiException.forbidden(
          request.key().resource(),
          request.key().name(),
          "a rule concerns it, and its kind is missing among the configured replica paths");
    }
    return before.with(path.path(), trialled.spec().path("replicas").asInt(0));
  }

  /** Remembers what the object had while this change is under way, if the change takes it away. */
  private void note(
      AdmissionRequest request, Rules rules, @Nullable KubeObject before, KubeObject trialled) {
    ReplicaPath path = rules.replicaPath(request.key().resource());
    if (before == null || path == null) {
      return;
    }
    int had = path.replicas(before);
    if (path.remaining(before, after(request, path, before, trialled)) < had) {
      remember(request.key(), had);
    }
  }

  private void remember(ObjectKey key, int had) {
    if (!history.note(key, had)) {
      throw ApiException.unavailable(
          "too many scaled objects are being remembered to judge one more", 0);
    }
  }

  /** What an autoscaler's new limits allow it to do to its target. */
  private void scaler(
      AdmissionRequest request,
      Rules rules,
      Findings findings,
      ObjectKey key,
      @Nullable KubeObject before,
      KubeObject after) {
    JsonNode reference = after.spec().path("scaleTargetRef");
    String apiVersion = reference.path("apiVersion").asText();
    GroupVersionResource resource = target(apiVersion, reference.path("kind").asText());
    if (resource == null) {
      return;
    }
    String name = reference.path("name").asText();
    KubeObject target =
        new Reads(request.server(), request.auditId())
            .get(Reads.path(resource, key.namespace(), name));
    ReplicaPath targetPath = rules.replicaPath(resource.groupResource());
    if (target == null || targetPath == null) {
      return;
    }
    ObjectKey targetKey =
        new ObjectKey(key.cluster(), resource.groupResource(), key.namespace(), name);
    int has = targetPath.replicas(target);
    int most = after.spec().path("maxReplicas").asInt(Integer.MAX_VALUE);
    int least = Math.min(most, after.spec().path("minReplicas").asInt(1));
    boolean same = before != null && before.spec().path("scaleTargetRef").equals(reference);
    int assured = has;
    if (same && before != null) {
      assured = Math.min(has, before.spec().path("minReplicas").asInt(1));
    }
    rules.fall(findings, targetKey, target, target, assured, Math.min(least, assured));
    rules.fall(findings, targetKey, target, target, has, Math.min(most, has));
    if (findings.refusals().isEmpty() && Math.min(least, most) < assured) {
      remember(targetKey, has);
    }
  }

  private @Nullable GroupVersionResource target(String apiVersion, String kind) {
    int slash = apiVersion.indexOf('/');
    String group = slash < 0 ? "" : apiVersion.substring(0, slash);
    String version = apiVersion.substring(slash + 1);
    for (ReplicaPath path : settings.replicaPaths()) {
      String itsGroup = path.resource().group();
      if (!path.scaler()
          && path.kind().equals(kind)
          && (itsGroup.equals(group) || itsGroup.equals("*"))) {
        return new GroupVersionResource(group, version, path.resource().resource());
      }
    }
    return null;
  }

  // ---- delete

  private Outcome delete(AdmissionRequest request) {
    DeleteOptions options = deleteOptions(request);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Reads reads = new Reads(request.server(), request.auditId());
      Rules rules = rules();
      KubeObject before = reads.get(request.objectPath());
      if (before == null) {
        throw ApiException.notFound(request.key().resource(), request.key().name());
      }
      if (insistsOnAnother(options, before)) {
        return Outcome.PassOn.UNJUDGED; // The server refuses, in its own words.
      }
      Findings findings = new Findings(settings, request.user());
      Containment containment = containment(request, rules, reads, findings);
      deletion(rules, containment, findings, request.key(), before, orphans(options));
      settle(request, findings, before);
      if (options.isDryRun()) {
        return passOn(findings);
      }
      remember(rules, request.key(), before);
      ApiServer.Answer answer = delete(request, request.path(), options, before);
      if (options.resourceVersion() == null
          && isConflict(answer)
          && isOutdated(reads, request, before.resourceVersion())) {
        continue;
      }
      return new Outcome.Answered(answer, findings.warnings(), findings.records());
    }
    throw modified(request);
  }

  private static boolean insistsOnAnother(DeleteOptions options, KubeObject object) {
    String uid = options.uid();
    String version = options.resourceVersion();
    return (uid != null && !uid.equals(object.uid()))
        || (version != null && !version.equals(object.resourceVersion()));
  }

  /** Whether what the object owns stays. */
  private static boolean orphans(DeleteOptions options) {
    return "Orphan".equals(options.propagationPolicy())
        || Boolean.TRUE.equals(options.orphanDependents());
  }

  /** The same options for exactly one state of an object. */
  private static byte[] onlyIf(DeleteOptions options, KubeObject object) {
    return new DeleteOptions(
            options.gracePeriodSeconds(),
            object.uid(),
            object.resourceVersion(),
            options.orphanDependents(),
            options.propagationPolicy(),
            options.dryRun())
        .json();
  }

  private void deletion(
      Rules rules,
      Containment containment,
      Findings findings,
      ObjectKey key,
      KubeObject object,
      boolean orphans) {
    rules.deletion(findings, key, object, () -> containment.contents(key, object));
    if (findings.refusals().isEmpty()) {
      containment.judge(key, object, orphans);
    }
  }

  /** So that an object made anew is judged by what this one had. */
  private void remember(Rules rules, ObjectKey key, KubeObject object) {
    ReplicaPath path = rules.replicaPath(key.resource());
    if (path != null && rules.limitCreation(key)) {
      remember(key, path.replicas(object));
    }
  }

  private ApiServer.Answer delete(
      AdmissionRequest request, String path, DeleteOptions options, KubeObject before) {
    Http2Headers headers = copy(request.head().headers());
    headers.set("content-type", "application/json");
    return request
        .server()
        .call(
            new RequestHead("DELETE", path, request.head().query(), headers),
            onlyIf(options, before),
            request.user());
  }

  /**
   * Judges all that is selected before any of it goes, then deletes one by one: each only in the
   * state that was judged, and judged again if that is over.
   */
  private Outcome deleteCollection(AdmissionRequest request) {
    DeleteOptions options = deleteOptions(request);
    Reads reads = new Reads(request.server(), request.auditId());
    Rules rules = rules();
    List<KubeObject> selected = selected(request, reads);
    Findings all = new Findings(settings, request.user());
    for (KubeObject object : selected) {
      judgeMember(request, rules, reads, all, object, options);
    }
    if (options.isDryRun()) {
      return passOn(all);
    }
    for (KubeObject object : selected) {
      deleteMember(request, rules, reads, options, object);
    }
    return new Outcome.Answered(success(request), all.warnings(), all.records());
  }

  private static List<KubeObject> selected(AdmissionRequest request, Reads reads) {
    StringBuilder query = new StringBuilder();
    for (String parameter : List.of("labelSelector", "fieldSelector")) {
      String value = request.query().get(parameter);
      if (!value.isEmpty()) {
        query.append(query.isEmpty() ? "" : "&").append(parameter).append('=');
        query.append(Reads.encode(value));
      }
    }
    for (String unsupported : List.of("limit", "continue", "resourceVersion")) {
      String value = request.query().get(unsupported);
      if (!value.isEmpty() && !value.equals("0")) {
        throw ApiException.badRequest(
            "a collection is deleted as a whole here: " + unsupported + " is not supported");
      }
    }
    return reads.all(request.objectPath(), query.toString());
  }

  private void judgeMember(
      AdmissionRequest request,
      Rules rules,
      Reads reads,
      Findings all,
      KubeObject object,
      DeleteOptions options) {
    Findings findings = new Findings(settings, request.user());
    ObjectKey key = keyOf(request, object);
    deletion(
        rules,
        containment(request, rules, reads, findings),
        findings,
        key,
        object,
        orphans(options));
    settle(request, findings, object);
    all.add(findings);
  }

  private void deleteMember(
      AdmissionRequest request,
      Rules rules,
      Reads reads,
      DeleteOptions options,
      KubeObject judged) {
    ObjectKey key = keyOf(request, judged);
    String path = Reads.path(request.info().groupVersionResource(), key.namespace(), key.name());
    KubeObject object = judged;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      remember(rules, key, object);
      ApiServer.Answer answer = delete(request, path, options, object);
      if (answer.successful() || answer.status() == 404) {
        return;
      }
      if (!isConflict(answer) || options.resourceVersion() != null) {
        throw Reads.failure(answer);
      }
      KubeObject now = reads.get(path);
      if (now == null || !now.uid().equals(judged.uid())) {
        return; // What was selected is gone.
      }
      Findings ignored = new Findings(settings, request.user());
      judgeMember(request, rules(), reads, ignored, now, options);
      object = now;
    }
    throw modified(request);
  }

  private static ObjectKey keyOf(AdmissionRequest request, KubeObject object) {
    return new ObjectKey(
        request.info().cluster(),
        request.info().groupResource(),
        object.namespace(),
        object.name());
  }

  private static ApiServer.Answer success(AdmissionRequest request) {
    Format format = Negotiator.error(request.head(), request.query()).format();
    boolean protobuf = format == Format.PROTOBUF;
    Status status =
        new Status(
            true,
            "",
            "",
            0,
            new Status.Details(
                "", request.info().group(), request.info().resource(), "", List.of(), 0),
            "");
    Http2Headers headers = new DefaultHttp2Headers();
    headers.set("content-type", (protobuf ? Format.PROTOBUF : Format.JSON).contentType());
    return new ApiServer.Answer(
        200, headers, protobuf ? StatusEncoder.protobuf(status) : StatusEncoder.json(status));
  }

  // ---- pods in members

  private Outcome pods(AdmissionRequest request) {
    boolean eviction = request.info().subresource().equals("eviction");
    boolean one = eviction || request.info().verb().equals("delete");
    boolean dryRun = eviction ? isDryRunOfEviction(request) : deleteOptions(request).isDryRun();
    List<Pod> selected = one ? named(request) : selectedPods(request);
    List<ProtectionPolicy> policies = rules().policies();
    Findings all = new Findings(settings, request.user());
    List<Pod> counted = new ArrayList<>();
    Map<PodOwner, List<Pod>> siblings = new HashMap<>();
    try {
      for (Pod pod : selected) {
        Findings findings = new Findings(settings, request.user());
        PodOwner owner = pod.owner();
        List<Pod> family =
            owner == null ? List.of() : siblings.computeIfAbsent(owner, pods::ownedBy);
        if (podRules.remove(findings, policies, pod, family, it -> overridden(request, it))) {
          counted.add(pod);
        }
        refuse(request, findings, pod.name());
        all.add(findings);
      }
    } catch (RuntimeException refused) {
      counted.forEach(podRules::undo);
      throw refused;
    }
    if (dryRun) {
      counted.forEach(podRules::undo);
      return passOn(all);
    }
    AtomicReference<List<Pod>> done = new AtomicReference<>(counted);
    return new Outcome.PassOn(
        all.warnings(),
        all.records(),
        () -> done.getAndSet(List.of()).forEach(podRules::undo),
        one);
  }

  private static boolean overridden(AdmissionRequest request, Findings findings) {
    findings.override(request.override());
    return findings.refusals().isEmpty();
  }

  /** More than one if several members have a pod of that name; who writes decides about that. */
  private List<Pod> named(AdmissionRequest request) {
    return pods.select(
        request.info().cluster(),
        request.info().namespace(),
        LabelSelector.EVERYTHING,
        FieldSelector.parse("metadata.name=" + request.info().name()));
  }

  private List<Pod> selectedPods(AdmissionRequest request) {
    ListOptions options = ListOptions.parse(request.query(), request.info());
    return pods.select(
        request.info().cluster(), request.info().namespace(), options.labels(), options.fields());
  }

  private static boolean isDryRunOfEviction(AdmissionRequest request) {
    try {
      if (Negotiator.body(request.contentType()) == Format.PROTOBUF) {
        return isDryRunOfEviction(request.body());
      }
      JsonNode options = KubeObject.parse(request.body()).root().path("deleteOptions");
      return request.isDryRun() || !options.path("dryRun").isEmpty();
    } catch (IOException | MalformedProtoException e) {
      throw ApiException.badRequest("the body holds no Eviction: " + e.getMessage());
    }
  }

  private static boolean isDryRunOfEviction(byte[] body) {
    Envelope.Content content = Envelope.open(body, 0, body.length);
    ProtoReader eviction = new ProtoReader(body, content.rawStart(), content.rawEnd());
    while (eviction.next()) {
      if (eviction.field() == 2) {
        ProtoReader options = eviction.message();
        while (options.next()) {
          if (options.field() == 5) {
            return true;
          }
        }
      }
    }
    return false;
  }

  // ---- common

  private Rules rules() {
    return new Rules(source.policies(), settings, history);
  }

  private Containment containment(
      AdmissionRequest request, Rules rules, Reads reads, Findings findings) {
    return new Containment(
        request.info().cluster(), reads, rules, podRules, pods, settings, findings);
  }

  private static DeleteOptions deleteOptions(AdmissionRequest request) {
    return DeleteOptions.read(request.query(), request.body());
  }

  /**
   * Ends the request if something refuses it, unless its user overrides that for a reason that the
   * request or the object gives.
   */
  private void settle(AdmissionRequest request, Findings findings, KubeObject object) {
    findings.override(reason(request, object));
    refuse(request, findings, object.name());
  }

  private static String reason(AdmissionRequest request, KubeObject object) {
    String onObject = object.annotation(Rules.OVERRIDE);
    return request.override().isBlank() && onObject != null ? onObject : request.override();
  }

  private void refuse(AdmissionRequest request, Findings findings, String name) {
    if (findings.none()) {
      return;
    }
    boolean refused = !findings.refusals().isEmpty();
    LOG.atWarn()
        .addKeyValue("auditID", request.auditId())
        .addKeyValue("user", request.user().name())
        .addKeyValue("verb", request.info().verb())
        .addKeyValue("resource", request.info().groupResource())
        .addKeyValue("namespace", request.info().namespace())
        .addKeyValue("name", name)
        .addKeyValue("rules", refused ? findings.refusals() : findings.records())
        .log(refused ? "Refused a change" : "Let a change break a rule");
    if (refused) {
      throw ApiException.forbidden(
          request.info().groupResource(), name, String.join("; ", findings.refusals()));
    }
  }

  private static Outcome passOn(Findings findings) {
    return new Outcome.PassOn(findings.warnings(), findings.records(), () -> {}, true);
  }

  private static ApiServer.Answer dryRun(AdmissionRequest request, byte[] body) {
    String query = request.head().query();
    String asked =
        request.isDryRun() ? query : query.isEmpty() ? "dryRun=All" : query + "&dryRun=All";
    return request.server().call(head(request, asked, "application/json"), body, request.user());
  }

  private static RequestHead head(AdmissionRequest request, String query, @Nullable String accept) {
    Http2Headers headers = copy(request.head().headers());
    if (accept != null) {
      headers.set("accept", accept);
    }
    return new RequestHead(request.head().method(), request.path(), query, headers);
  }

  private static Http2Headers copy(Http2Headers headers) {
    Http2Headers copy = new DefaultHttp2Headers(false);
    copy.add(headers);
    copy.remove("content-length");
    return copy;
  }

  /** Whether the API server says that the object is not in the state that was asked for. */
  private static boolean isConflict(ApiServer.Answer answer) {
    if (answer.status() != 409) {
      return false;
    }
    Status status = StatusDecoder.decode(answer.body());
    return status != null
        && status.reason().equals("Conflict")
        && (status.details() == null
            || status.details().causes().stream()
                .noneMatch(cause -> cause.reason().equals("FieldManagerConflict")));
  }

  /** Whether a conflict came from what we asked for and not from what the client did. */
  private static boolean isOutdated(Reads reads, AdmissionRequest request, String version) {
    KubeObject now = reads.get(request.objectPath());
    return !version.equals(now == null ? BEFORE_ALL : now.resourceVersion());
  }

  private static ApiException modified(AdmissionRequest request) {
    return ApiException.conflict(
        request.info().groupResource(),
        request.info().name(),
        "the object has been modified; please apply your changes to the latest version and try"
            + " again");
  }
}
