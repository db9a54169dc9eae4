package io.multicluster.cache;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the state of a kind on disk, so that after a restart members' watches and clients'
 * positions go on where they were. Each event is in the log of the present generation, handed to
 * the operating system, before anybody sees it: the end of this process, however sudden, loses none
 * that a client may have seen. If the machine ends, the last ones may be lost; positions behind
 * them are refused then.
 *
 * <p>A log that grows beyond its checkpoint ends in a new generation, whose checkpoint a thread of
 * its own writes from the snapshot. Where the disk fails, the gateway goes on without, and tries
 * again a minute later.
 *
 * <p>Confined to the sequencer's thread.
 */
final class Journal implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(Journal.class);

  /** A log is not ended below this many bytes. */
  private static final long SMALL_LOG = 64L << 20;

  private static final long RETRY_NANOS = Duration.ofMinutes(1).toNanos();

  private final StateFiles files;
  private final String about;
  private final LongSupplier nanos;
  private long generation;
  private @Nullable StateWriter log;
  private long failedNanos;
  private @Nullable Thread checkpointing;
  private volatile boolean closed;
  private volatile long checkpointSize;

  /**
   * @param files pass to the journal
   * @param about what the files say they are about
   */
  Journal(StateFiles files, String about, LongSupplier nanos) throws IOException {
    this.files = files;
    this.about = about;
    this.nanos = nanos;
    this.generation = files.last();
  }

  void changed(LogEntry entry) {
    append(writer -> {
      CachedObject after = entry.after();
      if (after != null) {
        writer.put(after);
      } else {
        writer.delete(entry.resourceVersion(), entry.memberVersion(), entry.key());
      }
    });
  }

  /** How a member stands once what was appended is in. */
  void member(Recovered.MemberPosition member) {
    append(writer -> writer.member(member));
  }

  /** To be called before what was appended is shown to anybody. */
  void flush() {
    append(StateWriter::flush);
  }

  /** Whether it is time to {@link #startGeneration}. */
  boolean due() {
    StateWriter writer = log;
    return writer == null
        ? nanos.getAsLong() - failedNanos >= RETRY_NANOS
        : writer.size() > Math.max(SMALL_LOG, checkpointSize);
  }

  /**
   * Begins a new generation, unless the checkpoint of the present one is still being written.
   *
   * @param state with everything that was appended
   * @param members as they stand in that state
   */
  void startGeneration(Snapshot state, List<Recovered.MemberPosition> members) {
    Thread busy = checkpointing;
    if (busy != null && busy.isAlive()) {
      return;
    }
    long next = generation + 1;
    try {
      endLog();
      log = new StateWriter(files.log(next), about, state.resourceVersion());
      log.flush();
      generation = next;
    } catch (IOException e) {
      fail(e);
      return;
    }
    if (state.objects().size() == 0) {
      // At once: without any checkpoint a restart finds nothing.
      writeCheckpoint(next, state, members);
      return;
    }
    checkpointing =
        Thread.ofPlatform()
            .daemon()
            .name("checkpoint " + about)
            .start(() -> writeCheckpoint(next, state, members));
  }

  @Override
  public void close() {
    closed = true;
    try {
      endLog();
      Thread busy = checkpointing;
      if (busy != null) {
        busy.join();
      }
      files.close();
    } catch (IOException e) {
      fail(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void endLog() throws IOException {
    StateWriter writer = log;
    log = null;
    if (writer != null) {
      try (writer) {
        writer.end();
      }
    }
  }

  /** What is written to the log. */
  @FunctionalInterface
  private interface Words {
    void writeTo(StateWriter writer) throws IOException;
  }

  private void append(Words words) {
    StateWriter writer = log;
    if (writer != null) {
      try {
        words.writeTo(writer);
      } catch (IOException e) {
        fail(e);
      }
    }
  }

  private void fail(IOException cause) {
    failedNanos = nanos.getAsLong();
    logger
        .atError()
        .addKeyValue("about", about)
        .addKeyValue("error", cause.toString())
        .log("the state can't be kept on disk: a restart now would lose clients' positions");
    StateWriter writer = log;
    log = null;
    if (writer != null) {
      try {
        writer.close();
      } catch (IOException e) {
        // The first failure was told.
      }
    }
  }

  private void writeCheckpoint(
      long number, Snapshot state, List<Recovered.MemberPosition> members) {
    try (StateWriter writer =
        new StateWriter(files.unfinished(number), about, state.resourceVersion())) {
      for (Recovered.MemberPosition member : members) {
        writer.member(member);
      }
      CopyOnWriteBTree.Cursor<CachedObject> objects = state.objects().cursor(new byte[0]);
      for (CachedObject o = objects.next(); o != null && !closed; o = objects.next()) {
        writer.put(o);
      }
      if (!closed) {
        writer.end();
        writer.force();
        checkpointSize = writer.size();
        files.finish(number);
      }
    } catch (IOException e) {
      logger
          .atError()
          .addKeyValue("about", about)
          .addKeyValue("error", e.toString())
          .log("no checkpoint of the state could be written");
    }
  }
}
