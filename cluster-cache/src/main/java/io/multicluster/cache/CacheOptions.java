package io.multicluster.cache;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How the cache is to be.
 *
 * @param kinds what is cached
 * @param controlPlane the cluster that has the federated objects; empty if none is among the
 *     members
 * @param replicaSlot distinguishes the resourceVersions of this replica from those of others, 0 to
 *     255
 * @param directory where the state is kept over a restart; null if it is not
 * @param indexedLabels keys of labels by whose value objects are found without walking all
 * @param managedFields whether {@code metadata.managedFields} of objects is kept and served
 * @param log how much of the past a watch can resume from
 * @param history how long old states are kept for lists under way
 * @param sharedFrameBytes how much of encoded watch events is kept for other watches, per kind
 * @param patience how long a reader waits for a state that has not come yet
 * @param writePatience how long a write waits until the cache has seen it
 * @param startupPatience how long clients are put off at the start while members are not yet known
 * @param gzip whether big answers are compressed for clients that accept it
 * @param wallMillis milliseconds since 1970
 * @param nanos a clock that only goes forward
 */
public record CacheOptions(
    List<CachedKind> kinds,
    String controlPlane,
    int replicaSlot,
    @Nullable Path directory,
    List<String> indexedLabels,
    boolean managedFields,
    LogLimits log,
    HistoryLimits history,
    long sharedFrameBytes,
    Duration patience,
    Duration writePatience,
    Duration startupPatience,
    boolean gzip,
    LongSupplier wallMillis,
    LongSupplier nanos) {

  public CacheOptions {
    kinds = List.copyOf(kinds);
    indexedLabels = List.copyOf(indexedLabels);
    Objects.requireNonNull(log);
    Objects.requireNonNull(history);
  }

  /** What suits a gateway of any size, and keeps nothing on disk. */
  public static CacheOptions of(List<CachedKind> kinds) {
    return of(kinds, "", true, null);
  }

  /** What suits a gateway of any size. Parameters as those of the record. */
  public static CacheOptions of(
      List<CachedKind> kinds,
      String controlPlane,
      boolean managedFields,
      @Nullable Path directory) {
    return new CacheOptions(
        kinds,
        controlPlane,
        0,
        directory,
        List.of(),
        managedFields,
        new LogLimits(256L << 20, Duration.ofMinutes(10)),
        new HistoryLimits(256, Duration.ofMinutes(5), 512L << 20),
        4L << 20,
        Duration.ofSeconds(3),
        Duration.ofSeconds(1),
        Duration.ofSeconds(30),
        true,
        System::currentTimeMillis,
        System::nanoTime);
  }
}
