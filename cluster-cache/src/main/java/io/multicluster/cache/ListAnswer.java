package io.multicluster.cache;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.proto.ListMeta;
import io.multicluster.wire.rv.ContinueToken;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers one list from one snapshot: first finds what belongs to it (a list's head tells whether
 * there is more, in protobuf also its length), then writes it. Both in portions, so that other
 * requests of the same event loop go on meanwhile. Confined to that event loop.
 */
final class ListAnswer {
  private final Exchange exchange;
  private final KindCache cache;
  private final Snapshot snapshot;
  private final long limit;
  private final ListForm form;
  private final Scan scan;
  private final boolean countable;
  private final BiConsumer<Body.Source, List<CachedObject>> found;
  private final List<CachedObject> objects = new ArrayList<>();
  private long sizes;

  /** The first object behind this page. */
  private @Nullable CachedObject next;

  private boolean closed;
  private int written = -1;

  /**
   * @param from first key that may be on the page; empty for all
   * @param limit most objects; 0 for all
   * @param found takes what writes the answer, and its objects, once they are known
   */
  ListAnswer(
      Exchange exchange,
      KindCache cache,
      Snapshot snapshot,
      ObjectFilter filter,
      byte[] from,
      long limit,
      ListForm form,
      BiConsumer<Body.Source, List<CachedObject>> found) {
    this.exchange = exchange;
    this.cache = cache;
    this.snapshot = snapshot;
    this.limit = limit;
    this.form = form;
    this.scan = new Scan(snapshot, cache.indexes(), filter, from);
    this.countable = filter.selectsAll();
    this.found = found;
  }

  void start() {
    exchange.response().onClose(() -> closed = true);
    collect();
  }

  private void collect() {
    if (closed) {
      return;
    }
    for (CachedObject object = scan.next(); object != null; object = scan.next()) {
      if (limit > 0 && objects.size() == limit) {
        next = object;
        break;
      }
      objects.add(object);
      sizes += form.sizeOf(object);
      if (objects.size() % 4096 == 0) {
        break;
      }
    }
    if (next == null && !scan.done()) {
      exchange.eventLoop().execute(this::collect);
    } else {
      found.accept(this::fill, objects);
    }
  }

  private boolean fill(ByteBuf out, int enough) {
    if (written < 0) {
      form.begin(out, metadata(), sizes);
      written = 0;
    }
    while (written < objects.size() && out.readableBytes() < enough) {
      form.item(out, objects.get(written++));
    }
    if (written < objects.size()) {
      return true;
    }
    form.end(out);
    return false;
  }

  private ListMeta metadata() {
    String resourceVersion = Long.toString(snapshot.resourceVersion());
    CachedObject behind = next;
    if (behind == null) {
      return new ListMeta(resourceVersion, "", null);
    }
    cache.history().pin(snapshot);
    return new ListMeta(
        resourceVersion,
        new ContinueToken(snapshot.resourceVersion(), behind.key(), false).encode(),
        countable ? (long) scan.count(cache.indexes(), behind.key()) : null);
  }
}
