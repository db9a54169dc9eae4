package io.multicluster.server.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The audit log on disk. One thread writes it: what gathers while it waits for the disk becomes one
 * write and one fsync (group commit), however many callers there are.
 *
 * <p>When the disk fails or is full, intents are refused, so that no change is made that can't be
 * recorded, and notes are left out and counted. Outcomes of changes under way go to the reserved
 * space; should that fail too they stay in memory, and are written before anything else once the
 * disk is back. There are never more of them than there were intents.
 */
public final class AuditLog implements EventSink, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);

  /** Enough for a stall of seconds; more means that the disk can't keep up. */
  private static final long MOST_QUEUED_BYTES = 64L * 1024 * 1024;

  private static final int MOST_BATCHED_BYTES = 4 * 1024 * 1024;
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private record Entry(byte[] line, Urgency urgency, CompletableFuture<@Nullable Void> done) {
    static final CompletableFuture<@Nullable Void> NOBODY_WAITS =
        CompletableFuture.completedFuture(null);

    boolean durable() {
      return urgency != Urgency.NOTE;
    }
  }

  /** Wakes the log's thread for the last time. */
  private static final Entry END = new Entry(new byte[0], Urgency.NOTE, Entry.NOBODY_WAITS);

  private final LogFile file;
  private final BlockingQueue<Entry> queue = new LinkedBlockingQueue<>();
  private final AtomicLong queuedBytes = new AtomicLong();
  private final LongAdder lost = new LongAdder();
  private final Thread thread;

  /** Outcomes that could not be written; the log's thread only. */
  private final Deque<Entry> owed = new ArrayDeque<>();

  private volatile @Nullable String failure;
  private volatile boolean closing;

  /** When it was last tried to write again; the log's thread only. */
  private long retriedAt = System.nanoTime();

  private AuditLog(LogFile file) {
    this.file = file;
    this.thread = Thread.ofPlatform().name("audit-log").daemon().unstarted(this::run);
  }

  /**
   * Opens the log.
   *
   * @throws IOException if it can't be written, or another process writes it
   */
  public static AuditLog open(LogSettings settings) throws IOException {
    return open(settings, Disk.REAL);
  }

  static AuditLog open(LogSettings settings, Disk disk) throws IOException {
    AuditLog log = new AuditLog(new LogFile(settings, disk, Clock.systemUTC()));
    log.thread.start();
    return log;
  }

  @Override
  public CompletableFuture<@Nullable Void> append(byte[] line, Urgency urgency) {
    boolean full = queuedBytes.get() + line.length > MOST_QUEUED_BYTES;
    return switch (urgency) {
      case NOTE -> {
        if (full || closing) {
          lost.increment();
        } else {
          enqueue(new Entry(line, urgency, Entry.NOBODY_WAITS));
        }
        yield Entry.NOBODY_WAITS;
      }
      case INTENT -> {
        String reason = full ? "the disk can't keep up" : closing ? "the log is closed" : failure;
        yield reason == null
            ? enqueue(new Entry(line, urgency, new CompletableFuture<>()))
            : CompletableFuture.failedFuture(new IOException(reason));
      }
      case OUTCOME -> enqueue(new Entry(line, urgency, new CompletableFuture<>()));
    };
  }

  private CompletableFuture<@Nullable Void> enqueue(Entry entry) {
    queuedBytes.addAndGet(entry.line.length);
    queue.add(entry);
    return entry.done;
  }

  /** Why the log can't be written now; null if it can. */
  public @Nullable String failure() {
    return failure;
  }

  /** How many events were left out because the log could not keep up or not be written. */
  public long lost() {
    return lost.sum();
  }

  /** A file beside the log that is named as it is, but for the ending. */
  Path beside(String ending) {
    return file.beside(ending);
  }

  /** Where the log ends now. */
  LogTail.Position end() throws IOException {
    return LogTail.end(file);
  }

  /** Reads the log from a place on. */
  LogTail tail(LogTail.Position from) {
    return new LogTail(file, from);
  }

  private void run() {
    List<Entry> batch = new ArrayList<>();
    while (!closing || !queue.isEmpty()) {
      gather(batch);
      if (failure != null && System.nanoTime() - retriedAt >= RETRY_NANOS) {
        retry();
      }
      if (!batch.isEmpty()) {
        write(batch);
        batch.clear();
      }
    }
    finish();
  }

  /** Waits for something to write, or for the time to try again. */
  private void gather(List<Entry> batch) {
    try {
      Entry next = failure == null ? queue.take() : queue.poll(RETRY_NANOS, TimeUnit.NANOSECONDS);
      int bytes = 0;
      while (next != null) {
        bytes += next.line.length;
        batch.add(next);
        next = bytes < MOST_BATCHED_BYTES ? queue.poll() : null;
      }
      queuedBytes.addAndGet(-bytes);
    } catch (InterruptedException e) {
      // Nobody interrupts this thread, as that would close the file under it.
      closing = true;
    }
  }

  private void write(List<Entry> batch) {
    if (failure == null) {
      try {
        append(batch);
        batch.forEach(entry -> entry.done.complete(null));
        return;
      } catch (IOException | RuntimeException e) {
        failed(e);
      }
    }
    List<Entry> outcomes = new ArrayList<>();
    for (Entry entry : batch) {
      switch (entry.urgency) {
        case NOTE -> lost.increment();
        case INTENT -> entry.done.completeExceptionally(new IOException(failure));
        case OUTCOME -> outcomes.add(entry);
      }
    }
    if (outcomes.isEmpty()) {
      return;
    }
    file.useReserve();
    try {
      append(outcomes);
      outcomes.forEach(entry -> entry.done.complete(null));
    } catch (IOException | RuntimeException e) {
      owed.addAll(outcomes);
      outcomes.forEach(entry -> entry.done.completeExceptionally(e));
    }
  }

  private void append(List<Entry> entries) throws IOException {
    int bytes = 0;
    boolean durable = false;
    for (Entry entry : entries) {
      bytes += entry.line.length;
      durable |= entry.durable();
    }
    ByteBuffer lines = ByteBuffer.allocate(bytes);
    entries.forEach(entry -> lines.put(entry.line));
    file.append(lines.flip(), durable);
  }

  /**
   * @param e what nobody foresaw as well: without this thread no change could ever be made again
   */
  private void failed(Exception e) {
    failure = String.valueOf(e.getMessage());
    retriedAt = System.nanoTime();
    LOG.atError()
        .addKeyValue("reason", failure)
        .setCause(e instanceof IOException ? null : e)
        .log("The audit log can't be written: changes are refused until it can");
  }

  /** Writes what is owed, and sees whether there is space for more. */
  private void retry() {
    retriedAt = System.nanoTime();
    try {
      if (!owed.isEmpty()) {
        append(List.copyOf(owed));
        owed.clear();
      }
      file.reserve();
      file.probe();
    } catch (IOException | RuntimeException still) {
      failure = String.valueOf(still.getMessage());
      return;
    }
    failure = null;
    LOG.atWarn().addKeyValue("eventsLeftOut", lost()).log("The audit log is written again");
  }

  private void finish() {
    if (!owed.isEmpty()) {
      retry();
    }
    if (!owed.isEmpty()) {
      LOG.atError()
          .addKeyValue("outcomes", owed.size())
          .log("Outcomes of changes could not be written; the next start looks for them");
    }
    try {
      file.close();
    } catch (IOException e) {
      LOG.error("The audit log did not close", e);
    }
  }

  /** Writes what was appended before, and closes the file. Idempotent. */
  @Override
  public void close() {
    closing = true;
    queue.add(END);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
