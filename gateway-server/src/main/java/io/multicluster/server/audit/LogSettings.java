package io.multicluster.server.audit;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where the log is and how much of it is kept.
 *
 * @param file absolute; older parts lie beside it
 * @param maxBytes of one file; then it is set aside and a new one begun
 * @param maxBackups how many are kept that were set aside; 0 for all
 * @param maxAge how long they are kept; zero for ever
 * @param reserveBytes space that is set aside for the outcomes of changes under way when the disk
 *     becomes full
 */
public record LogSettings(
    Path file, long maxBytes, int maxBackups, Duration maxAge, int reserveBytes) {
  /** Some thousand outcomes without bodies, a hundred with. */
  public static final int RESERVE = 8 * 1024 * 1024;

  public LogSettings {
    if (maxBytes < 1 || maxBackups < 0 || maxAge.isNegative() || reserveBytes < 0) {
      throw new IllegalArgumentException("limits of the audit log must not be negative");
    }
  }
}
