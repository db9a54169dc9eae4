package io.multicluster.server.audit;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How long the steps of one request took, named as in kube-apiserver's audit annotations. One
 * thread at a time.
 */
public final class StepTimes {
  public static final String AUTHENTICATION = "apiserver.latency.k8s.io/authentication";
  public static final String IMPERSONATION = "apiserver.latency.k8s.io/impersonation";
  public static final String QUEUE = "apiserver.latency.k8s.io/apf-queue-wait";
  public static final String AUTHORIZATION = "apiserver.latency.k8s.io/authorization";

  /** Until the record of the intent was on disk, beyond the steps before. */
  public static final String INTENT = "latency.multicluster.io/audit-intent";

  /** From the last step until the answer was complete: admission and upstream. */
  static final String ANSWER = "latency.multicluster.io/answer";

  static final String TOTAL = "apiserver.latency.k8s.io/total";

  private final Map<String, Long> nanos = new LinkedHashMap<>();
  private final long begun = System.nanoTime();
  private long last = begun;

  /** A step is over. */
  public synchronized void done(String step) {
    long now = System.nanoTime();
    nanos.put(step, now - last);
    last = now;
  }

  /** Nanoseconds since the request arrived. */
  long total() {
    return System.nanoTime() - begun;
  }

  synchronized void tell(AuditAnnotations annotations) {
    long now = System.nanoTime();
    nanos.forEach((step, time) -> annotations.put(step, format(time)));
    annotations.put(ANSWER, format(now - last));
    annotations.put(TOTAL, format(now - begun));
  }

  /** As Go prints durations: {@code 1.25ms}, {@code 2m3.5s}. */
  static String format(long time) {
    if (time < 1_000) {
      return time + "ns";
    }
    if (time < 1_000_000) {
      return decimal(time, 3) + "µs";
    }
    if (time < 1_000_000_000) {
      return decimal(time, 6) + "ms";
    }
    long minutes = time / 60_000_000_000L;
    String seconds = decimal(time % 60_000_000_000L, 9) + "s";
    if (minutes == 0) {
      return seconds;
    }
    return minutes < 60
        ? minutes + "m" + seconds
        : minutes / 60 + "h" + minutes % 60 + "m" + seconds;
  }

  private static String decimal(long time, int digits) {
    return BigDecimal.valueOf(time, digits).stripTrailingZeros().toPlainString();
  }
}
