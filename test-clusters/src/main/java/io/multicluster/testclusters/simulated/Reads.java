package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.simulated.ObjectEncoder.ListMeta;
import io.multicluster.testclusters.simulated.ResourceCollection.Batch;
import io.multicluster.testclusters.simulated.ResourceCollection.Cursor;
import io.multicluster.testclusters.simulated.ResourceCollection.Snapshot;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Get, list and watch. */
final class Reads {
  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final int GZIP_FROM = 128 * 1024;

  private final ObjectStore store;
  private final Catalog catalog;
  private final Faults faults;
  private final Duration bookmarkInterval;

  Reads(ObjectStore store, Catalog catalog, Faults faults, Duration bookmarkInterval) {
    this.store = store;
    this.catalog = catalog;
    this.faults = faults;
    this.bookmarkInterval = bookmarkInterval;
  }

  void get(ResourceType type, Target target, ServerRequest request, ServerResponse response)
      throws InterruptedException, IOException {
    Negotiation how = Negotiation.of(request, type, Negotiation.Answer.OBJECT);
    ObjectEncoder encoder = new ObjectEncoder(type, how, includeObject(request, how));
    String wanted = request.parameter("resourceVersion");
    if (!wanted.isEmpty() && !wanted.equals("0")) {
      try {
        store.awaitRevision(Long.parseLong(wanted), PATIENCE);
      } catch (NumberFormatException e) {
        throw ApiException.badRequest("invalid resource version: " + wanted);
      }
    }
    Entry entry = store.collection(type.storage()).get(target.namespace(), target.name());
    if (entry == null) {
      throw ApiException.notFound(type.groupResource(), target.name());
    }
    response.send(200, encoder.contentType(false), encoder.object(entry));
  }

  private static String includeObject(ServerRequest request, Negotiation how) {
    String include = request.parameter("includeObject");
    if (how.transform() == Negotiation.Transform.TABLE
        && !List.of("", "None", "Metadata", "Object").contains(include)) {
      throw ApiException.badRequest(
          "Unable to convert to Table as requested: includeObject: Invalid value: \""
              + include
              + "\": must be 'Metadata', 'Object', 'None', or empty");
    }
    return include;
  }

  void list(ResourceType type, Target target, ServerRequest request, ServerResponse response)
      throws InterruptedException, IOException {
    Negotiation how = Negotiation.of(request, type, Negotiation.Answer.LIST);
    ObjectEncoder encoder = new ObjectEncoder(type, how, includeObject(request, how));
    ListOptions options = ListOptions.of(request, type);
    options.checkList();
    Page page = page(type, target.namespace(), options);
    send(
        encoder.contentType(false),
        encoder.listLength(page.meta(), page.entries()),
        out -> encoder.list(page.meta(), page.entries(), out),
        request,
        response);
  }

  record Page(ListMeta meta, List<Entry> entries) {}

  /** The part of a collection that a list asks for. */
  Page page(ResourceType type, String namespace, ListOptions options) throws InterruptedException {
    ResourceCollection collection = store.collection(type.storage());
    Snapshot snapshot;
    String start = "";
    long limit = options.limit();
    if (!options.continueToken().isEmpty()) {
      ContinueToken token = ContinueToken.parse(options.continueToken());
      start = token.start();
      snapshot =
          token.resourceVersion() < 0
              ? collection.snapshot(namespace)
              : exactly(collection, namespace, token);
    } else {
      store.awaitRevision(options.version(), PATIENCE);
      boolean exact =
          options.match().equals("Exact")
              || (options.match().isEmpty() && limit > 0 && options.version() > 0);
      if (exact) {
        snapshot = collection.snapshotAt(namespace, options.version());
        if (snapshot == null) {
          throw ApiException.expired("The resourceVersion for the provided list is too old.");
        }
      } else {
        snapshot = collection.snapshot(namespace);
      }
      if (options.resourceVersion().equals("0") && !type.storage().equals(GroupResource.EVENTS)) {
        // Answered from the watch cache, which knows no pages; there is none for events.
        limit = 0;
      }
    }
    List<Entry> chosen = new ArrayList<>();
    int left = 0;
    for (Entry entry : snapshot.entries()) {
      if ((!start.isEmpty() && entry.key().compareTo(start) <= 0) || !options.selects(entry)) {
        continue;
      }
      if (limit > 0 && chosen.size() == limit) {
        left++;
        if (!options.selectsEverything()) {
          break;
        }
      } else {
        chosen.add(entry);
      }
    }
    ListMeta meta =
        left == 0
            ? new ListMeta(snapshot.resourceVersion(), "", -1)
            : new ListMeta(
                snapshot.resourceVersion(),
                new ContinueToken(snapshot.resourceVersion(), chosen.getLast().key()).text(),
                options.selectsEverything() ? left : -1);
    return new Page(meta, chosen);
  }

  private static Snapshot exactly(
      ResourceCollection collection, String namespace, ContinueToken token) {
    Snapshot snapshot = collection.snapshotAt(namespace, token.resourceVersion());
    if (snapshot == null) {
      throw new ApiException(
          Status.failure(
                  410,
                  "Expired",
                  "The provided continue parameter is too old to display a consistent list result."
                      + " You can start a new list without the continue parameter, or use the"
                      + " continue token in this response to retrieve the remainder of the"
                      + " results. Continuing with the provided token results in an inconsistent"
                      + " list - objects that were created, modified, or deleted between the time"
                      + " the first chunk was returned and now may show up in the list.")
              .withContinue(new ContinueToken(-1, token.start()).text()));
    }
    return snapshot;
  }

  /**
   * Where the next page goes on.
   *
   * @param resourceVersion the state of all pages; -1: whatever there is
   * @param start the last key of the page before
   */
  private record ContinueToken(long resourceVersion, String start) {
    String text() {
      ObjectNode token = Json.object();
      token.put("v", "meta.k8s.io/v1").put("rv", resourceVersion).put("start", start + "\0");
      return Base64.getUrlEncoder().withoutPadding().encodeToString(Json.bytes(token));
    }

    static ContinueToken parse(String text) {
      try {
        JsonNode token = Json.parse(Base64.getUrlDecoder().decode(text));
        String start = Json.string(token, "start");
        if (Json.string(token, "v").equals("meta.k8s.io/v1") && start.endsWith("\0")) {
          return new ContinueToken(
              Json.integer(token, "rv"), start.substring(0, start.length() - 1));
        }
      } catch (IllegalArgumentException | IOException e) {
        // Refused below, as tokens of another form are.
      }
      throw ApiException.badRequest(
          "invalid continue token: continue key is not valid: illegal base64 data at input byte 0");
    }
  }

  /** Writes a body to where it goes. */
  @FunctionalInterface
  private interface BodyWriter {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Answers with a body that may be large: compressed if it is and the client takes gzip. */
  private static void send(
      String contentType,
      long length,
      BodyWriter body,
      ServerRequest request,
      ServerResponse response)
      throws IOException {
    OutputStream out =
        request.header("accept-encoding").contains("gzip")
            ? new LargeBody(GZIP_FROM, contentType, response)
            : response.stream(200, contentType, length);
    // Not closed on failure: a list that breaks off must not look complete.
    body.writeTo(out);
    out.close();
  }

  void watch(ResourceType type, Target target, ServerRequest request, ServerResponse response)
      throws InterruptedException, IOException {
    Negotiation how = Negotiation.of(request, type, Negotiation.Answer.WATCH);
    ObjectEncoder encoder = new ObjectEncoder(type, how, includeObject(request, how));
    ListOptions options = ListOptions.of(request, type);
    options.checkWatch();
    ResourceCollection collection = store.collection(type.storage());
    Status refusal = faults.watchStarts(options.version());
    Cursor cursor = null;
    Snapshot initial = null;
    if (refusal == null) {
      boolean events =
          options.sendInitialEvents() == null ? options.anyVersion() : options.sendInitialEvents();
      if (events || options.anyVersion()) {
        try {
          store.awaitRevision(options.version(), PATIENCE);
        } catch (ApiException e) {
          refusal = e.status();
        }
        record Start(Snapshot snapshot, @Nullable Cursor cursor) {}
        Start start =
            store.locked(() -> {
              Snapshot now = collection.snapshot(target.namespace());
              return new Start(now, collection.after(now.resourceVersion()));
            });
        initial = events ? start.snapshot() : null;
        cursor = start.cursor();
      } else {
        cursor = collection.after(options.version());
      }
      if (cursor == null && refusal == null) {
        refusal =
            ApiException.expired(
                    "too old resource version: "
                        + options.version()
                        + " ("
                        + collection.oldest()
                        + ")")
                .status();
      }
    }
    try (EventStream out = response.events(request, encoder.contentType(true))) {
      if (refusal != null || cursor == null) {
        out.write(encoder.error(java.util.Objects.requireNonNull(refusal)));
        return;
      }
      try (Faults.Stream stream = faults.opened(response)) {
        follow(type, target.namespace(), options, encoder, initial, cursor, stream, out);
      }
    } catch (IOException e) {
      // The client went away, which is how most watches end.
      response.abort();
    }
  }

  private void follow(
      ResourceType type,
      String namespace,
      ListOptions options,
      ObjectEncoder encoder,
      @Nullable Snapshot initial,
      Cursor cursor,
      Faults.Stream stream,
      EventStream out)
      throws InterruptedException, IOException {
    long end = System.nanoTime() + lifetime(options).toNanos();
    long bookmark = System.nanoTime() + bookmarkInterval.toNanos();
    if (initial != null) {
      for (Entry entry : initial.entries()) {
        if (options.selects(entry)) {
          out.write(encoder.event("ADDED", entry));
        }
      }
      if (options.bookmarks() && Boolean.TRUE.equals(options.sendInitialEvents())) {
        out.write(encoder.bookmark(initial.resourceVersion(), true));
      }
      out.flush();
    }
    while (!stream.ended() && catalog.find(type.group(), type.version(), type.plural()) != null) {
      long now = System.nanoTime();
      if (now >= end) {
        return;
      }
      // Wakes up now and then to notice that the client, the fault or the resource has gone.
      Duration nap = Duration.ofNanos(Math.min(Math.min(end, bookmark) - now, 500_000_000L));
      Batch batch = cursor.next(nap.isNegative() ? Duration.ZERO : nap);
      if (batch.lost()) {
        return;
      }
      stream.awaitFlow();
      for (Change change : batch.changes()) {
        if (change.resourceVersion() > options.version()) {
          write(change, namespace, options, encoder, out);
        }
      }
      if (System.nanoTime() >= bookmark && batch.changes().isEmpty()) {
        bookmark = System.nanoTime() + bookmarkInterval.toNanos();
        if (options.bookmarks() && batch.resourceVersion() >= options.version()) {
          out.write(encoder.bookmark(batch.resourceVersion(), false));
        }
      }
      out.flush();
    }
  }

  private static Duration lifetime(ListOptions options) {
    return Duration.ofSeconds(
        options.timeoutSeconds() > 0
            ? options.timeoutSeconds()
            : ThreadLocalRandom.current().nextInt(1800, 3600));
  }

  private static void write(
      Change change, String namespace, ListOptions options, ObjectEncoder encoder, EventStream out)
      throws IOException {
    Entry before = change.before();
    Entry after = change.after();
    boolean was = before != null && within(before, namespace) && options.selects(before);
    boolean is = after != null && within(after, namespace) && options.selects(after);
    if (is) {
      out.write(encoder.event(was ? "MODIFIED" : "ADDED", java.util.Objects.requireNonNull(after)));
    } else if (was) {
      out.write(
          encoder.event(
              "DELETED", java.util.Objects.requireNonNull(before).at(change.resourceVersion())));
    }
  }

  private static boolean within(Entry entry, String namespace) {
    return namespace.isEmpty() || entry.namespace().equals(namespace);
  }
}
