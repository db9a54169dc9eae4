package io.multicluster.server.audit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Measures what the log costs a change: writers that wait for intent and outcome to be on disk, one
 * after the other, with events of usual length. Arguments: folder on the disk to be measured, most
 * writers (32), seconds a step (5). docs/audit.md has the command.
 */
final class AuditSpeed {
  private static final int EVENT_BYTES = 900;

  private AuditSpeed() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createTempDirectory(Path.of(arguments[0]), "audit-speed");
    int most = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 32;
    Duration time = Duration.ofSeconds(arguments.length > 2 ? Long.parseLong(arguments[2]) : 5);
    LogSettings settings =
        new LogSettings(
            folder.resolve("audit.log"), 100L << 20, 2, Duration.ZERO, LogSettings.RESERVE);
    System.out.printf(
        "%8s %10s %12s %12s %12s %12s%n",
        "writers", "events/s", "p50 ms", "p90 ms", "p99 ms", "longest ms");
    try (AuditLog log = AuditLog.open(settings)) {
      measure(log, most, time); // Warms the compiler.
      for (int writers = 1; writers <= most; writers *= 2) {
        long[] nanos = measure(log, writers, time);
        Arrays.sort(nanos);
        System.out.printf(
            "%8d %10.0f %12.3f %12.3f %12.3f %12.3f%n",
            writers,
            nanos.length / (double) time.toSeconds(),
            at(nanos, 0.5),
            at(nanos, 0.9),
            at(nanos, 0.99),
            at(nanos, 1));
      }
    } finally {
      try (var files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  private static double at(long[] sorted, double share) {
    return sorted[(int) Math.min(sorted.length - 1L, (long) (sorted.length * share))] / 1e6;
  }

  /** How long each wait for the disk took. */
  private static long[] measure(AuditLog log, int writers, Duration time) throws Exception {
    byte[] event = new byte[EVENT_BYTES];
    Arrays.fill(event, (byte) 'x');
    event[EVENT_BYTES - 1] = '\n';
    long end = System.nanoTime() + time.toNanos();
    List<Future<List<Long>>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < writers; i++) {
        running.add(
            threads.submit(() -> {
              List<Long> waits = new ArrayList<>();
              for (int n = 0; System.nanoTime() < end; n++) {
                long from = System.nanoTime();
                log.append(event, n % 2 == 0 ? Urgency.INTENT : Urgency.OUTCOME).get();
                waits.add(System.nanoTime() - from);
              }
              return waits;
            }));
      }
      List<Long> all = new ArrayList<>();
      for (Future<List<Long>> each : running) {
        all.addAll(each.get());
      }
      return all.stream().mapToLong(Long::longValue).toArray();
    }
  }
}
