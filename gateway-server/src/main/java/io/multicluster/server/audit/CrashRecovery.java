package io.multicluster.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.status.ApiException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives each change that was under way at a crash the outcome that it lacks: it looks at the object
 * and records what it finds. What that proves is recorded as fact; everything else as unknown,
 * since an object that looks changed may have been changed by somebody else.
 */
public final class CrashRecovery implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CrashRecovery.class);

  private static final String RECOVERED = "audit.multicluster.io/recovered";
  private static final String OBSERVED = "audit.multicluster.io/observed";

  /**
   * An API server gives a change 34 s, and may go on with one whose client is gone: looked at
   * earlier, an object might still change.
   */
  private static final Duration SETTLED = Duration.ofSeconds(35);

  /** Clocks of two machines differ; by more than this only if they are broken. */
  private static final Duration CLOCK_ERROR = Duration.ofMinutes(10);

  private static final int ATTEMPTS = 10;
  private static final Duration BETWEEN_ATTEMPTS = Duration.ofSeconds(15);

  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
          .withZone(java.time.ZoneOffset.UTC);

  private final List<ObjectNode> open;
  private final CountDownLatch closed = new CountDownLatch(1);

  private CrashRecovery(List<ObjectNode> open) {
    this.open = open;
  }

  /** Reads a log that nobody writes: what it finds was left by a process that is gone. */
  public static CrashRecovery scan(LogSettings settings) throws IOException {
    return new CrashRecovery(OpenIntents.find(settings.file()));
  }

  /** Resolves what was found, in a thread of its own, once upstreams have settled. */
  public void start(AuditLog log, ObjectLookup lookup) {
    if (open.isEmpty()) {
      return;
    }
    LOG.atWarn()
        .addKeyValue("changes", open.size())
        .log("Changes were under way when the gateway ended: their objects will be looked at");
    Thread.ofVirtual()
        .name("audit-recovery")
        .start(() -> {
          try {
            if (!closed.await(SETTLED.toMillis(), TimeUnit.MILLISECONDS)) {
              resolve(log, lookup, BETWEEN_ATTEMPTS);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** Blocks until each has its outcome, or this is closed. */
  void resolve(EventSink log, ObjectLookup lookup, Duration betweenAttempts)
      throws InterruptedException {
    for (ObjectNode intent : open) {
      Finding finding = look(intent, lookup, betweenAttempts);
      if (finding == null) {
        return;
      }
      try {
        log.append(outcome(intent, finding), Urgency.OUTCOME).get();
      } catch (ExecutionException unwritten) {
        // The log owes it now and writes it as soon as it can.
        LOG.debug("An outcome is written later", unwritten);
      }
    }
    LOG.atInfo()
        .addKeyValue("changes", open.size())
        .log("Changes of before the crash are recorded");
  }

  /**
   * What was found.
   *
   * @param outcome {@code unknown} or {@code not-made}
   */
  private record Finding(String outcome, String observed) {}

  private @Nullable Finding look(ObjectNode intent, ObjectLookup lookup, Duration between)
      throws InterruptedException {
    String path = objectPath(intent);
    if (path == null) {
      return new Finding("unknown", "the request names no object");
    }
    String problem = "";
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        return judge(intent, lookup.look(path));
      } catch (ApiException e) {
        problem = e.status().message();
        if (e.status().code() < 500) {
          break;
        }
      }
      if (closed.await(between.toMillis(), TimeUnit.MILLISECONDS)) {
        return null;
      }
    }
    return new Finding("unknown", "the object could not be looked at: " + problem);
  }

  private static Finding judge(ObjectNode intent, @Nullable JsonNode object) {
    if (object == null) {
      return new Finding("unknown", "the object does not exist");
    }
    JsonNode metadata = object.path("metadata");
    String created = metadata.path("creationTimestamp").asText();
    String observed =
        "the object exists: uid "
            + metadata.path("uid").asText()
            + ", resourceVersion "
            + metadata.path("resourceVersion").asText()
            + ", created "
            + created;
    boolean deleting = metadata.hasNonNull("deletionTimestamp");
    boolean deletion =
        intent.path("verb").asText().equals("delete")
            && intent.path("objectRef").path("subresource").asText().isEmpty();
    if (deletion && !deleting && existedBefore(intent, created)) {
      return new Finding("not-made", observed);
    }
    return new Finding("unknown", deleting ? observed + ", being deleted" : observed);
  }

  private static boolean existedBefore(ObjectNode intent, String created) {
    try {
      return Instant.parse(created)
          .plus(CLOCK_ERROR)
          .isBefore(Instant.parse(intent.path("requestReceivedTimestamp").asText()));
    } catch (DateTimeParseException e) {
      return false;
    }
  }

  /** The path without query and subresource; null if it names no object. */
  private static @Nullable String objectPath(ObjectNode intent) {
    JsonNode ref = intent.path("objectRef");
    if (ref.path("name").asText().isEmpty()) {
      return null;
    }
    String path = intent.path("requestURI").asText().split("\\?", 2)[0];
    String subresource = "/" + ref.path("subresource").asText();
    int cut = subresource.length() > 1 ? path.lastIndexOf(subresource) : -1;
    return cut < 0 ? path : path.substring(0, cut);
  }

  private static byte[] outcome(ObjectNode intent, Finding finding) {
    ObjectNode event = intent.deepCopy();
    event.put("stage", Stage.RESPONSE_COMPLETE.toString());
    event.put("stageTimestamp", MICRO_TIME.format(Instant.now().truncatedTo(ChronoUnit.MICROS)));
    ObjectNode annotations =
        event.path("annotations") instanceof ObjectNode there
            ? there
            : event.putObject("annotations");
    annotations.put(AuditTrail.OUTCOME, finding.outcome);
    annotations.put(OBSERVED, finding.observed);
    annotations.put(RECOVERED, "true");
    byte[] object = RecordedObject.bytes(event);
    byte[] line = Arrays.copyOf(object, object.length + 1);
    line[object.length] = '\n';
    return line;
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
