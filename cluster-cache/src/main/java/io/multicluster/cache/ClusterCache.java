package io.multicluster.cache;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupVersionResource;
import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The cluster cache: feeds on one side, clients on the other. Methods may be called from any thread
 * unless they say otherwise.
 */
public final class ClusterCache implements CacheFeeds, AutoCloseable {
  private final CacheOptions options;
  private final Map<CachedKind, KindCache> kinds = new LinkedHashMap<>();
  private final Map<GroupVersionResource, Served> served = new HashMap<>();

  /** One view and who answers for it. */
  private record Served(KindCache cache, Reads reads, Watches watches, WriteSupport writes) {}

  /** Starts at once; clients are put off until {@link #membersKnown} and what follows it. */
  public ClusterCache(CacheOptions options) {
    this.options = options;
    for (CachedKind kind : options.kinds()) {
      KindCache cache = new KindCache(kind, options);
      kinds.put(kind, cache);
      for (View view : View.of(kind)) {
        served.put(
            view.resource(),
            new Served(
                cache,
                new Reads(cache, view, options),
                new Watches(cache, view, options),
                new WriteSupport(cache, view)));
      }
    }
    kinds.forEach((kind, cache) ->
        cache.start(
            Thread.ofPlatform()
                .daemon()
                .name("sequencer-" + kind.resource().groupResource())
                .factory()));
  }

  @Override
  public List<CachedKind> kinds() {
    return options.kinds();
  }

  @Override
  public FeedSink join(CachedKind kind, Member member) {
    KindCache cache = kinds.get(kind);
    if (cache == null) {
      throw new IllegalArgumentException(kind.resource() + " is not cached");
    }
    return cache.members().join(member);
  }

  @Override
  public void membersKnown(Set<String> names) {
    kinds.values().forEach(cache -> cache.members().membersKnown(names));
  }

  @Override
  public void removed(String name) {
    kinds.values().forEach(cache -> cache.members().removed(name));
  }

  /** The resources that are served, each in each of its versions. */
  public Set<GroupVersionResource> resources() {
    return Set.copyOf(served.keySet());
  }

  public boolean serves(GroupVersionResource resource) {
    return served.containsKey(resource);
  }

  /** How many objects of each resource there are. Counts them: not for every request. */
  public Map<GroupVersionResource, Integer> sizes() {
    Map<GroupVersionResource, Integer> sizes = new LinkedHashMap<>();
    served.forEach(
        (resource, target) -> sizes.put(resource, target.cache.snapshot().objects().size()));
    return sizes;
  }

  /** Whether clients of all kinds are answered by now. */
  public boolean ready() {
    return kinds.values().stream().allMatch(cache -> cache.members().ready());
  }

  /** How the members of each kind stand. */
  public Map<CachedKind, List<MemberStatus>> members() {
    Map<CachedKind, List<MemberStatus>> statuses = new LinkedHashMap<>();
    kinds.forEach((kind, cache) -> statuses.put(kind, cache.members().statuses()));
    return statuses;
  }

  /** How many objects of a kind are there, of all clusters. */
  public int objects(CachedKind kind) {
    return Objects.requireNonNull(kinds.get(kind)).snapshot().objects().size();
  }

  /** How many objects of a kind one cluster has. */
  public int objects(CachedKind kind, String cluster) {
    KindCache cache = Objects.requireNonNull(kinds.get(kind));
    Index clusters = cache.snapshot().indexes().get(cache.indexes().cluster());
    return clusters == null ? 0 : clusters.keys(cluster).size();
  }

  /**
   * How many fields came in, in protobuf, that this gateway does not know since their member is
   * newer: only clients that take protobuf get them.
   */
  public long unknownFields(CachedKind kind) {
    return Objects.requireNonNull(kinds.get(kind)).members().unknownFields();
  }

  /**
   * Answers a get, list or watch of a resource that it {@link #serves}. Runs on the exchange's
   * event loop, does not block; the answer goes on after the call.
   *
   * @param query of the request
   * @param failed hears, on the event loop, of an error that comes up later, while nothing was
   *     answered yet
   * @throws ApiException if nothing was answered
   */
  public void serve(
      Exchange exchange, Query query, RequestInfo info, Consumer<ApiException> failed) {
    assert exchange.eventLoop().inEventLoop() : "answers are made on the event loop";
    Served target = Objects.requireNonNull(served.get(info.groupVersionResource()));
    if (!target.cache.members().ready()) {
      throw ApiException.tooManyRequests("storage is (re)initializing", 1);
    }
    switch (info.verb()) {
      case "get" -> target.reads.get(exchange, query, info, failed);
      case "list" -> target.reads.list(exchange, query, info, failed);
      case "watch" -> target.watches.start(exchange, query, info);
      default -> throw ApiException.methodNotAllowed();
    }
  }

  /** The names of the clusters that have an object of that name, in order. */
  public List<String> owners(GroupVersionResource resource, String namespace, String name) {
    KindCache cache = target(resource).cache;
    return cache.named(cache.snapshot(), namespace, name, "").stream()
        .map(CachedObject::cluster)
        .sorted()
        .toList();
  }

  /**
   * The kind behind a resource: whether members are asked for it in protobuf or in JSON, above all.
   */
  public CachedKind kind(GroupVersionResource resource) {
    return target(resource).cache.kind();
  }

  /** The last resourceVersion that was given to a change of the kind. */
  public long position(GroupVersionResource resource) {
    return target(resource).cache.snapshot().resourceVersion();
  }

  /**
   * Translates a precondition: the member's own resourceVersion of the object whose present state
   * is known here under {@code resourceVersion}. Empty if the object has another state by now, or
   * is gone: the precondition does not hold.
   */
  public OptionalLong memberVersion(
      GroupVersionResource resource,
      String cluster,
      String namespace,
      String name,
      long resourceVersion) {
    return target(resource).writes.memberVersion(cluster, namespace, name, resourceVersion);
  }

  /** An object as a client reads it, in JSON; null if there is none. */
  public byte @Nullable [] json(
      GroupVersionResource resource, String cluster, String namespace, String name) {
    return target(resource).writes.json(cluster, namespace, name);
  }

  /**
   * Makes of an object, with which a member answered a write, what a read of it gives. Completes
   * once the member's feed has brought that state, so that the client finds in every later answer
   * what it wrote, under the same resourceVersion; after about a second in any case.
   *
   * <p>An object without resourceVersion is one that the member does not have, and is waited for to
   * be gone. kube-apiserver deletes a pod at once in two steps, a mark and a removal; when somebody
   * else removes it in between, it answers with the pod of the first step.
   *
   * @param answered in the encoding of the {@link #kind} and the version of {@code resource},
   *     without envelope
   * @param before the {@link #position} before the write was sent: the resourceVersion of the
   *     object if its state does not come in time. Watches from there see the write, and as a
   *     precondition it does not hold.
   * @throws io.multicluster.wire.proto.MalformedProtoException if that is no object as an API
   *     server stores it
   */
  public CompletableFuture<WrittenObject> written(
      GroupVersionResource resource, String cluster, byte[] answered, long before) {
    return target(resource).writes.written(cluster, answered, before);
  }

  /**
   * The resourceVersion under which a state of an object is known here, once the member's feed has
   * brought it.
   *
   * @param memberVersion the member's own resourceVersion of the state
   * @return empty if the state does not come in time, about a second, or at all
   */
  public CompletableFuture<OptionalLong> minted(
      GroupVersionResource resource,
      String cluster,
      String namespace,
      String name,
      long memberVersion) {
    return target(resource).writes.minted(cluster, namespace, name, memberVersion);
  }

  /**
   * The objects that match, at one moment, those of members that don't answer included.
   *
   * @param cluster empty for all
   * @param namespace empty for all
   * @param fields in the stored spelling
   */
  public List<MemberObject> select(
      GroupVersionResource resource,
      String cluster,
      String namespace,
      LabelSelector labels,
      FieldSelector fields) {
    KindCache cache = target(resource).cache;
    ObjectFilter filter = new ObjectFilter(cluster, namespace, labels, fields);
    Scan scan = new Scan(cache.snapshot(), cache.indexes(), filter, new byte[0]);
    List<MemberObject> found = new ArrayList<>();
    while (!scan.done()) {
      CachedObject object = scan.next();
      if (object != null) {
        found.add(MemberObject.of(object));
      }
    }
    return found;
  }

  /**
   * The objects of a namespace with a managing owner that is wanted, at one moment. Each owner's
   * uid is asked about once, with one of its objects.
   */
  public List<MemberObject> owned(
      GroupVersionResource resource, String namespace, Predicate<MemberObject> wanted) {
    KindCache cache = target(resource).cache;
    ObjectFilter filter =
        new ObjectFilter("", namespace, LabelSelector.EVERYTHING, FieldSelector.EVERYTHING);
    Scan scan = new Scan(cache.snapshot(), cache.indexes(), filter, new byte[0]);
    Map<String, Boolean> owners = new HashMap<>();
    List<MemberObject> found = new ArrayList<>();
    while (!scan.done()) {
      CachedObject object = scan.next();
      String owner = object == null ? null : object.ownerUid();
      if (object != null && owner != null) {
        MemberObject candidate = MemberObject.of(object);
        if (owners.computeIfAbsent(owner, _ -> wanted.test(candidate))) {
          found.add(candidate);
        }
      }
    }
    return found;
  }

  /**
   * Whether an object that its member does not have any more is gone here, too, before the time
   * that writes wait is over.
   */
  public CompletableFuture<Boolean> gone(
      GroupVersionResource resource, String cluster, String namespace, String name) {
    return target(resource).writes.gone(cluster, namespace, name);
  }

  /**
   * What the selectors of a request select. Walks the objects: not for event loops.
   *
   * @throws ApiException 400 or 422 if the request's list options can't be used
   */
  public Selection selected(Query query, RequestInfo info) {
    return target(info.groupVersionResource()).writes.selected(query, info);
  }

  /**
   * Answers a write with the object that it made, in the form that the request asks for, as {@link
   * #serve} would a get. Runs on the exchange's event loop.
   *
   * @param headers of the answer beside those that its form asks for; pass to the exchange
   * @param failed as for {@link #serve}
   * @throws ApiException if nothing was answered
   */
  public void answer(
      Exchange exchange,
      Query query,
      RequestInfo info,
      int status,
      Http2Headers headers,
      WrittenObject object,
      Consumer<ApiException> failed) {
    assert exchange.eventLoop().inEventLoop() : "answers are made on the event loop";
    target(info.groupVersionResource())
        .reads
        .written(exchange, query, info, status, headers, object.object(), failed);
  }

  /**
   * Answers the deletion of a collection with what was selected, as it was then, as {@link #serve}
   * would a list. Runs on the exchange's event loop.
   *
   * @param failed as for {@link #serve}
   * @throws ApiException if nothing was answered
   */
  public void answer(
      Exchange exchange,
      Query query,
      RequestInfo info,
      Selection selection,
      Consumer<ApiException> failed) {
    assert exchange.eventLoop().inEventLoop() : "answers are made on the event loop";
    target(info.groupVersionResource()).reads.selected(exchange, query, info, selection, failed);
  }

  private Served target(GroupVersionResource resource) {
    Served target = served.get(resource);
    if (target == null) {
      throw new IllegalArgumentException(resource + " is not cached");
    }
    return target;
  }

  /** Ends all watches, each with a last bookmark, so that clients resume elsewhere from there. */
  public void drain() {
    kinds.values().forEach(cache -> cache.watches().drain());
  }

  /** Ends the sequencers. Feeds should have ended before. */
  @Override
  public void close() {
    kinds.values().forEach(KindCache::close);
  }
}
