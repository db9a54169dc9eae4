package io.multicluster.cache;

import io.multicluster.wire.request.ListOptions;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What writes to members need to know of one view: which state a client means, and under which
 * resourceVersion the state is known that a write has made. For any thread.
 */
final class WriteSupport {
  private final KindCache cache;
  private final View view;

  WriteSupport(KindCache cache, View view) {
    this.cache = cache;
    this.view = view;
  }

  OptionalLong memberVersion(String cluster, String namespace, String name, long resourceVersion) {
    CachedObject object = cache.get(namespace, name, cluster);
    return object != null && object.resourceVersion() == resourceVersion
        ? OptionalLong.of(object.memberVersion())
        : OptionalLong.empty();
  }

  byte @Nullable [] json(String cluster, String namespace, String name) {
    CachedObject object = cache.get(namespace, name, cluster);
    if (object == null) {
      return null;
    }
    ByteBuf out = Unpooled.buffer(8 * 1024);
    view.json().object(out, object, object.resourceVersion());
    return ByteBufUtil.getBytes(out);
  }

  CompletableFuture<WrittenObject> written(String cluster, byte[] answered, long before) {
    byte[] kept = view.kept(answered);
    CachedObject object = cache.members().reader(cluster).read(kept, kept.length);
    CompletableFuture<OptionalLong> known =
        object.memberVersion() == MemberVersion.NONE
            ? gone(object).thenApply(gone -> gone ? OptionalLong.of(before) : OptionalLong.empty())
            : cache.writes().minted(cluster, object.key(), object.memberVersion());
    return known.thenApply(minted -> {
      object.mint(minted.orElse(before));
      return new WrittenObject(object, minted.isPresent());
    });
  }

  /** Whether the object goes in time; another may have its name by then. */
  private CompletableFuture<Boolean> gone(CachedObject known) {
    return cache
        .writes()
        .state(known.key(), object -> object == null || !object.uid().equals(known.uid()));
  }

  CompletableFuture<OptionalLong> minted(
      String cluster, String namespace, String name, long memberVersion) {
    return cache.writes().minted(cluster, ObjectKey.of(namespace, name, cluster), memberVersion);
  }

  CompletableFuture<Boolean> gone(String cluster, String namespace, String name) {
    return cache.writes().state(ObjectKey.of(namespace, name, cluster), object -> object == null);
  }

  /** Walks all of them: not for event loops. */
  Selection selected(Query query, RequestInfo info) {
    ListOptions list = ListOptions.parse(query, info);
    Snapshot snapshot = cache.snapshot();
    ObjectFilter filter =
        new ObjectFilter(info.cluster(), info.namespace(), list.labels(), list.fields());
    Scan scan = new Scan(snapshot, cache.indexes(), filter, new byte[0]);
    SortedMap<String, CachedObject> last = new TreeMap<>();
    while (!scan.done()) {
      CachedObject object = scan.next();
      if (object != null) {
        last.put(object.cluster(), object);
      }
    }
    SortedMap<String, SelectedObjects> selected = new TreeMap<>();
    last.forEach((cluster, object) -> selected.put(cluster, () -> changed(object)));
    return new Selection(snapshot, filter, selected);
  }

  private CompletableFuture<Boolean> changed(CachedObject known) {
    long version = known.memberVersion();
    return cache
        .writes()
        .state(known.key(), object -> object == null || object.memberVersion() != version);
  }
}
