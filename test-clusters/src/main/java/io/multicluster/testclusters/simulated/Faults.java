package io.multicluster.testclusters.simulated;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What can go wrong with a simulated API server, at the call of a test. Each fault lasts until it
 * is taken back or used up; all methods return at once and may be called by any thread.
 */
public final class Faults {
  private final ObjectStore store;
  private final Set<Stream> streams = ConcurrentHashMap.newKeySet();
  private final AtomicInteger watchesToExpire = new AtomicInteger();
  private final AtomicInteger requestsToFail = new AtomicInteger();
  private final AtomicInteger deletionsToOvertake = new AtomicInteger();
  private final AtomicInteger objectsToCut = new AtomicInteger();
  private final AtomicInteger watchesStarted = new AtomicInteger();
  private final AtomicInteger listsStarted = new AtomicInteger();
  private volatile Status failure = Status.failure(500, "InternalError", "a fault on demand");
  private volatile Duration delay = Duration.ZERO;
  private volatile @Nullable Transport transport;
  private boolean stalled;

  Faults(ObjectStore store) {
    this.store = store;
  }

  void attach(Transport newTransport) {
    transport = newTransport;
  }

  /** The next {@code count} watches that resume from a resourceVersion get 410 Expired. */
  public void expireNextWatches(int count) {
    watchesToExpire.set(count);
  }

  /**
   * Forgets the past, as compaction of etcd does: watches and pages that start before now expire.
   * Open watches go on.
   */
  public void compact() {
    store.compact();
  }

  /** Leaves out resourceVersions, as a restored or very busy cluster would. */
  public void jumpResourceVersion(long by) {
    store.skipRevisions(by);
  }

  /** Ends all open watches in good order, as at the end of their time. */
  public void endWatches() {
    streams.forEach(Stream::end);
  }

  /** Breaks off all open watches; over HTTP/2 the connection stays. */
  public void resetWatches() {
    streams.forEach(Stream::reset);
  }

  /** Breaks all connections. */
  public void dropConnections() {
    transport().dropConnections();
  }

  /** From now on watches deliver nothing, yet stay open and their connections answer pings. */
  public void stallWatches() {
    synchronized (this) {
      stalled = true;
    }
  }

  /** Delivers what {@link #stallWatches} held back. */
  public void resumeWatches() {
    synchronized (this) {
      stalled = false;
      notifyAll();
    }
  }

  /** Nothing is read from the network any more, pings included, as if a cable had been cut. */
  public void freeze() {
    transport().freeze(true);
  }

  /** Takes back {@link #freeze}. */
  public void thaw() {
    transport().freeze(false);
  }

  /** Every answer starts so much later; {@link Duration#ZERO} takes it back. */
  public void delayAnswers(Duration by) {
    delay = by;
  }

  /** The next {@code count} requests are answered with that Status instead. */
  public void failNextRequests(int count, Status status) {
    failure = status;
    requestsToFail.set(count);
  }

  /**
   * The next {@code count} pods that are deleted at once seem to be gone already, by somebody
   * else's deletion, when they have just been marked. kube-apiserver answers with the marked pod
   * then, which has no resourceVersion.
   */
  public void overtakeNextDeletions(int count) {
    deletionsToOvertake.set(count);
  }

  /** The next {@code count} answers that are one object end in its middle, and nobody says so. */
  public void cutNextObjects(int count) {
    objectsToCut.set(count);
  }

  /** Refuses new connections and breaks those that are open. */
  public void refuseConnections() {
    transport().stopListening();
    transport().dropConnections();
  }

  /** Takes back {@link #refuseConnections}, on the same port. */
  public void acceptConnections() {
    transport().listen(0);
  }

  /** How many watches clients have started so far. */
  public int watchesStarted() {
    return watchesStarted.get();
  }

  /** How many lists clients have started so far, each page counted. */
  public int listsStarted() {
    return listsStarted.get();
  }

  /** How many watches are open now. */
  public int openWatches() {
    return streams.size();
  }

  private Transport transport() {
    Transport current = transport;
    if (current == null) {
      throw new IllegalStateException("the cluster does not listen yet");
    }
    return current;
  }

  private static boolean fires(AtomicInteger times) {
    return times.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
  }

  /** Called for every request before anything else happens to it. */
  void beforeAnswer(Target target) throws InterruptedException {
    if (target.verb().equals("list")) {
      listsStarted.incrementAndGet();
    }
    if (delay.isPositive()) {
      Thread.sleep(delay);
    }
    if (fires(requestsToFail)) {
      throw new ApiException(failure);
    }
  }

  /** Whether a watch that starts there is to be refused. */
  @Nullable Status watchStarts(long resourceVersion) {
    watchesStarted.incrementAndGet();
    return resourceVersion > 0 && fires(watchesToExpire)
        ? ApiException.expired(
                "too old resource version: " + resourceVersion + " (" + store.revision() + ")")
            .status()
        : null;
  }

  /** The object in an answer as it is sent. */
  byte[] sent(byte[] object) {
    return fires(objectsToCut) ? Arrays.copyOf(object, object.length / 2) : object;
  }

  /** Whether somebody else was faster to take a pod away. */
  boolean deletionOvertaken() {
    return fires(deletionsToOvertake);
  }

  Stream opened(ServerResponse response) {
    Stream stream = new Stream(response);
    streams.add(stream);
    return stream;
  }

  private synchronized void awaitResume(Stream stream) throws InterruptedException {
    while (stalled && !stream.ended()) {
      wait(500);
    }
  }

  /** An open watch. */
  final class Stream implements AutoCloseable {
    private final ServerResponse response;
    private volatile boolean ended;

    private Stream(ServerResponse response) {
      this.response = response;
    }

    boolean ended() {
      return ended || response.closed();
    }

    private void end() {
      ended = true;
    }

    private void reset() {
      ended = true;
      response.abort();
    }

    void awaitFlow() throws InterruptedException {
      awaitResume(this);
    }

    @Override
    public void close() {
      streams.remove(this);
    }
  }
}
