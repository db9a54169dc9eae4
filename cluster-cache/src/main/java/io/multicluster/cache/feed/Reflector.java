package io.multicluster.cache.feed;

import io.multicluster.cache.FeedEvent;
import io.multicluster.cache.FeedEvent.Bookmark;
import io.multicluster.cache.FeedEvent.Change;
import io.multicluster.cache.FeedEvent.ChangeType;
import io.multicluster.cache.FeedEvent.ListBegin;
import io.multicluster.cache.FeedEvent.ListEnd;
import io.multicluster.cache.FeedEvent.ListItem;
import io.multicluster.cache.FeedEvent.Reachable;
import io.multicluster.cache.FeedEvent.Unreachable;
import io.multicluster.cache.FeedSink;
import io.multicluster.cache.feed.FeedFormat.ListReader;
import io.multicluster.cache.feed.FeedFormat.WatchReader;
import io.multicluster.cache.feed.FeedFormat.WatchReceiver;
import io.multicluster.cache.feed.FeedStream.ChunkReader;
import io.multicluster.cache.feed.FeedStream.StatusException;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.wire.proto.ListMeta;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a {@link FeedSink} equal to one collection of one API server: list, then watch from there,
 * again and again. Lists come as a stream of initial events (KEP-3157) where the server has that,
 * else in pages.
 *
 * <p>Runs on a thread of its own, virtual by preference, until interrupted.
 */
final class Reflector implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Reflector.class);

  /** Called before a list or watch that follows a failure. */
  interface Precheck {
    /**
     * @throws IOException if the server can't be talked to
     * @throws InterruptedException if this reflector is to end, for the server is another now
     */
    void check() throws IOException, InterruptedException;
  }

  private final UpstreamClient server;
  private final String path;
  private final FeedFormat format;
  private final FeedSink sink;
  private final FeedSettings settings;
  private final RandomGenerator random;
  private final Precheck precheck;

  private boolean streamingLists = true;
  private boolean pagesNext;
  private boolean relist;
  private boolean reachable = true;

  /**
   * @param path of the collection, such as {@code /api/v1/pods}
   */
  Reflector(
      UpstreamClient server,
      String path,
      FeedFormat format,
      FeedSink sink,
      FeedSettings settings,
      RandomGenerator random,
      Precheck precheck) {
    this.server = server;
    this.path = path;
    this.format = format;
    this.sink = sink;
    this.settings = settings;
    this.random = random;
    this.precheck = precheck;
  }

  @Override
  public void run() {
    Backoff backoff = new Backoff(settings.firstBackoff(), settings.longestBackoff(), random);
    boolean failed = false;
    try {
      while (!Thread.currentThread().isInterrupted()) {
        long start = System.nanoTime();
        try {
          if (failed) {
            precheck.check();
          }
          boolean progress = cycle();
          failed = false;
          // A watch that ends at once and empty-handed would otherwise make a busy loop.
          if (progress || System.nanoTime() - start > Duration.ofSeconds(1).toNanos()) {
            backoff.reset();
            continue;
          }
        } catch (IOException e) {
          failed = true;
          lost(e);
        }
        Thread.sleep(backoff.next());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One list or watch; true if it brought something. */
  private boolean cycle() throws IOException, InterruptedException {
    String from = relist ? "" : sink.resumeFrom();
    if (!from.isEmpty()) {
      return watch(from);
    }
    if (streamingLists && !pagesNext) {
      try {
        return watch("");
      } catch (StatusException e) {
        // 422: streaming lists are off; 400: the server is too old to know the parameters.
        if (e.code() != 422 && e.code() != 400) {
          throw e;
        }
        streamingLists = false;
      }
    }
    return listInPages();
  }

  private boolean listInPages() throws IOException, InterruptedException {
    accept(new ListBegin(), null);
    String continueToken = "";
    String resourceVersion;
    do {
      String target =
          path
              + "?limit="
              + settings.pageSize()
              + (continueToken.isEmpty()
                  ? ""
                  : "&continue=" + URLEncoder.encode(continueToken, StandardCharsets.UTF_8));
      PageReader page = new PageReader();
      new FeedStream(page).run(server, target, format.listAccept(), settings.silence());
      ListMeta metadata = page.reader.finish();
      continueToken = metadata.continueToken();
      resourceVersion = metadata.resourceVersion();
    } while (!continueToken.isEmpty());
    accept(new ListEnd(resourceVersion), null);
    pagesNext = false;
    relist = false;
    reachable = true;
    return true;
  }

  /** Reads one page; its items hold the credit of the chunk that completed them. */
  private final class PageReader implements ChunkReader {
    private @Nullable Credit current;
    private final ListReader reader =
        format.list((item, length) -> Reflector.this.accept(new ListItem(item, length), current));

    @Override
    public void accept(ByteBuf chunk, Credit credit) {
      current = credit;
      reader.accept(chunk);
    }
  }

  /**
   * Watches.
   *
   * @param from empty for a streaming list that becomes a watch
   */
  private boolean watch(String from) throws IOException, InterruptedException {
    long seconds = settings.watchDuration().toSeconds();
    String target =
        path
            + "?watch=true&allowWatchBookmarks=true&timeoutSeconds="
            + (seconds + random.nextLong(seconds + 1))
            + (from.isEmpty()
                ? "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                : "&resourceVersion=" + from);
    Watch watch = new Watch(from.isEmpty());
    try {
      new FeedStream(watch).run(server, target, format.watchAccept(), settings.silence());
    } catch (StatusException e) {
      // Most servers say it in the stream; a plain 410 means the same.
      if (e.code() == 410) {
        relist = true;
        return true;
      }
      throw e;
    }
    if (watch.errorCode == 410) {
      log.atInfo()
          .addKeyValue("server", server.name())
          .addKeyValue("path", path)
          .log("the position is too old, listing again");
      relist = true;
      return false;
    }
    if (watch.errorCode != 0) {
      throw new IOException("the watch ended with " + watch.errorCode + ": " + watch.errorMessage);
    }
    return watch.progress;
  }

  private void accept(FeedEvent event, @Nullable Credit credit) {
    if (credit == null) {
      sink.accept(event, () -> {});
      return;
    }
    credit.hold();
    boolean queued = false;
    try {
      sink.accept(event, credit::release);
      queued = true;
    } finally {
      if (!queued) {
        credit.release();
      }
    }
  }

  private void lost(IOException cause) {
    if (reachable) {
      reachable = false;
      log.atWarn()
          .addKeyValue("server", server.name())
          .addKeyValue("path", path)
          .addKeyValue("error", cause.getMessage())
          .log("the feed is interrupted");
      accept(new Unreachable(String.valueOf(cause.getMessage())), null);
    }
  }

  /** The events of one watch stream. Called on the event loop. */
  private final class Watch implements WatchReceiver, ChunkReader {
    private final WatchReader reader = format.watch(this);
    private boolean initial;
    private boolean progress;
    private int errorCode;
    private String errorMessage = "";
    private @Nullable Credit current;

    Watch(boolean initial) {
      this.initial = initial;
    }

    @Override
    public void opened() {
      if (initial) {
        Reflector.this.accept(new ListBegin(), null);
      } else if (!reachable) {
        Reflector.this.accept(new Reachable(), null);
        reachable = true;
      }
    }

    @Override
    public void accept(ByteBuf chunk, Credit credit) {
      current = credit;
      reader.accept(chunk);
    }

    @Override
    public void change(ChangeType type, byte[] object, int length) {
      progress = true;
      if (!initial) {
        Reflector.this.accept(new Change(type, object, length), current);
      } else if (type == ChangeType.DELETED) {
        // Deletions between the snapshot and its end marker are rare; pages have no such thing.
        pagesNext = true;
        throw new IllegalStateException("an object was deleted while it was being listed");
      } else {
        Reflector.this.accept(new ListItem(object, length), current);
      }
    }

    @Override
    public void bookmark(String resourceVersion, boolean endsInitialEvents) {
      progress = true;
      if (initial && endsInitialEvents) {
        initial = false;
        relist = false;
        reachable = true;
        Reflector.this.accept(new ListEnd(resourceVersion), current);
      } else if (!initial) {
        Reflector.this.accept(new Bookmark(resourceVersion), current);
      }
    }

    @Override
    public void error(int code, String message) {
      errorCode = code;
      errorMessage = message;
    }
  }
}
