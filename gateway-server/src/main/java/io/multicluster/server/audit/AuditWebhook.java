package io.multicluster.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.proxy.Kubeconfig;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.proxy.Upstreams;
import io.multicluster.server.metrics.MetricSource;
import io.multicluster.server.metrics.MetricType;
import io.multicluster.server.metrics.MetricsText;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what the log says to a server, as kube-apiserver's webhook backend does: batches of events,
 * one POST each, in the order of the log.
 *
 * <p>The log itself is the buffer: it is read behind its writer, and how far it was delivered is
 * kept beside it. So an outage of the server costs neither memory nor events for as long as the
 * files of the log are kept, and a restart goes on where it was. Events may be delivered twice, a
 * crash between delivery and note of it provided.
 */
public final class AuditWebhook implements MetricSource, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AuditWebhook.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** As kube-apiserver bounds its batches. */
  private static final int MOST_BYTES = 10 * 1024 * 1024;

  private static final byte[] HEAD =
      "{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"metadata\":{},\"items\":["
          .getBytes(StandardCharsets.US_ASCII);
  private static final byte[] FOOT = "]}".getBytes(StandardCharsets.US_ASCII);

  private static final int MOST_ANSWERED = 1024 * 1024;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** How long events gather before they are looked for again. */
  private static final Duration GATHERING = Duration.ofSeconds(1);

  private final Path progress;
  private final LogTail tail;
  private final UpstreamClient server;

  /** What follows the path of the server's URL, which must not stay empty. */
  private final String path;

  private final int batchSize;
  private final Backoff backoff;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private final LongAdder failures = new LongAdder();
  private final LongAdder leftOut = new LongAdder();

  /** When everything was delivered last. */
  private volatile long caughtUpAt = System.nanoTime();

  private volatile boolean behind;

  /** How long to wait after so many failures in a row. */
  record Backoff(Duration first, Duration longest) {
    static final Backoff DEFAULT = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(30));

    Duration after(int failed) {
      Duration wait = first.multipliedBy(1L << Math.min(failed - 1, 16));
      return wait.compareTo(longest) < 0 ? wait : longest;
    }
  }

  private AuditWebhook(
      Path progress,
      LogTail tail,
      UpstreamClient server,
      String path,
      int batchSize,
      Backoff backoff) {
    this.progress = progress;
    this.tail = tail;
    this.server = server;
    this.path = path;
    this.batchSize = batchSize;
    this.backoff = backoff;
    this.thread = Thread.ofVirtual().name("audit-webhook").unstarted(this::run);
  }

  /**
   * Goes on where the last process was, or at the present end of the log if there was none.
   *
   * @param kubeconfig as kube-apiserver's {@code --audit-webhook-config-file}: its server is the
   *     URL that events are sent to
   * @param batchSize most events of a batch
   * @throws IOException if the kubeconfig or the state of delivery can't be read
   * @throws IllegalArgumentException if the kubeconfig can't be used
   */
  public static AuditWebhook start(
      AuditLog log, Upstreams upstreams, Path kubeconfig, int batchSize) throws IOException {
    return start(log, upstreams, kubeconfig, batchSize, Backoff.DEFAULT);
  }

  static AuditWebhook start(
      AuditLog log, Upstreams upstreams, Path kubeconfig, int batchSize, Backoff backoff)
      throws IOException {
    String path = Kubeconfig.read(kubeconfig).servers().getFirst().getRawPath();
    return start(
        log,
        upstreams.open("audit-webhook", kubeconfig),
        path == null || path.isEmpty() || path.equals("/") ? "/" : "",
        batchSize,
        backoff);
  }

  /**
   * @param path what follows that of the server's URL
   */
  static AuditWebhook start(
      AuditLog log, UpstreamClient server, String path, int batchSize, Backoff backoff)
      throws IOException {
    Path progress = log.beside(".webhook");
    LogTail.Position from = Files.exists(progress) ? read(progress) : log.end();
    AuditWebhook webhook =
        new AuditWebhook(progress, log.tail(from), server, path, batchSize, backoff);
    webhook.note(from);
    webhook.thread.start();
    return webhook;
  }

  private static LogTail.Position read(Path progress) throws IOException {
    JsonNode noted = JSON.readTree(Files.readAllBytes(progress));
    return new LogTail.Position(noted.path("file").asText(), noted.path("offset").asLong());
  }

  private void note(LogTail.Position position) throws IOException {
    Path fresh = progress.resolveSibling(progress.getFileName() + ".new");
    Files.write(
        fresh,
        JSON.createObjectNode()
            .put("file", position.head())
            .put("offset", position.offset())
            .toString()
            .getBytes(StandardCharsets.UTF_8));
    Files.move(fresh, progress, StandardCopyOption.ATOMIC_MOVE);
  }

  private void run() {
    try {
      while (closed.getCount() > 0) {
        try {
          if (!deliverNext()) {
            closed.await(GATHERING.toMillis(), TimeUnit.MILLISECONDS);
          }
        } catch (IOException e) {
          // A full disk, most likely: the log says the same, and louder.
          failed("the state of delivery can't be read or written: " + e.getMessage());
          closed.await(backoff.longest.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RuntimeException e) {
          unforeseen(e);
          closed.await(backoff.longest.toMillis(), TimeUnit.MILLISECONDS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether there was something, and it was delivered. */
  private boolean deliverNext() throws IOException, InterruptedException {
    LogTail.Batch batch = tail.next(batchSize, MOST_BYTES);
    if (batch.gap()) {
      leftOut.increment();
      LOG.error(
          "Files of the audit log were deleted before the webhook was sent all that was in them");
    }
    behind = !batch.lines().isEmpty();
    if (!behind) {
      caughtUpAt = System.nanoTime();
      return false;
    }
    if (!deliver(batch.lines())) {
      return false;
    }
    note(batch.next());
    return true;
  }

  /** Tries until the server has them; false if this was closed before. */
  private boolean deliver(List<byte[]> lines) throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        int status = post(lines);
        if (lines.size() == 1 && isRefused(status) && isTaken(post(List.of()))) {
          status = post(lines); // It may have been put right between the two.
          if (isRefused(status)) {
            return leaveOut(lines.getFirst(), status);
          }
        }
        if (isTaken(status)) {
          if (attempt > 1) {
            LOG.info("The audit webhook takes events again");
          }
          return true;
        }
        if (isRefused(status) && lines.size() > 1) {
          return deliverHalves(lines);
        }
        failed("it answered " + status);
      } catch (ApiException e) {
        failed(e.status().message());
      } catch (RuntimeException e) {
        unforeseen(e);
      }
      if (closed.await(backoff.after(attempt).toMillis(), TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
  }

  private static boolean isTaken(int status) {
    return status / 100 == 2;
  }

  /**
   * Whether it may be because of what was sent. It is if an empty list is taken; a server that
   * refuses that too will be put right some day.
   */
  private static boolean isRefused(int status) {
    return status == 400 || status == 413 || status == 422;
  }

  /** Looks for the event that the server refuses, or for batches of a length that it takes. */
  private boolean deliverHalves(List<byte[]> lines) throws InterruptedException {
    int half = lines.size() / 2;
    return deliver(lines.subList(0, half)) && deliver(lines.subList(half, lines.size()));
  }

  private boolean leaveOut(byte[] line, int status) {
    leftOut.increment();
    LOG.atError()
        .addKeyValue("status", status)
        .addKeyValue("bytes", line.length)
        .log("The audit webhook refuses an event, which is left out");
    return true;
  }

  private int post(List<byte[]> lines) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(HEAD);
    for (int i = 0; i < lines.size(); i++) {
      if (i > 0) {
        body.write(',');
      }
      body.write(lines.get(i), 0, lines.get(i).length - 1);
    }
    body.writeBytes(FOOT);
    UpstreamResponse answer =
        server.call(
            new RequestHead(
                "POST",
                path,
                "",
                new DefaultHttp2Headers()
                    .set("content-type", "application/json")
                    .set("accept", "application/json")
                    .set("user-agent", "multicluster-apiserver/audit")),
            body.toByteArray(),
            MOST_ANSWERED,
            PATIENCE);
    return answer.status();
  }

  private void failed(String problem) {
    failures.increment();
    LOG.atWarn().addKeyValue("reason", problem).log("The audit webhook does not take events");
  }

  /** Nobody would start this thread again. */
  private void unforeseen(RuntimeException fault) {
    failures.increment();
    LOG.error("An audit webhook's events could not be sent, and are tried again", fault);
  }

  @Override
  public void write(MetricsText page) {
    page.family(
            "multicluster_audit_webhook_failures_total",
            MetricType.COUNTER,
            "Batches that the audit webhook did not take; they are sent again.")
        .sample("multicluster_audit_webhook_failures_total", failures.sum())
        .family(
            "multicluster_audit_webhook_left_out_total",
            MetricType.COUNTER,
            "Times that events were left out: refused by the webhook, or deleted before.")
        .sample("multicluster_audit_webhook_left_out_total", leftOut.sum())
        .family(
            "multicluster_audit_webhook_lag_seconds",
            MetricType.GAUGE,
            "For how long the audit webhook has not had all events; 0 if it has.")
        .sample(
            "multicluster_audit_webhook_lag_seconds",
            behind ? (System.nanoTime() - caughtUpAt) / 1e9 : 0.0);
  }

  @Override
  public void close() {
    closed.countDown();
    server.close(); // What is under way fails.
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    tail.close();
  }
}
