package io.multicluster.cache;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the disk has of a kind's state, and what keeps it. A disk that can't be used is told about;
 * the gateway starts without.
 *
 * @param recovered null if there is nothing that can be used
 * @param journal null if nothing is kept
 */
record Disk(@Nullable Recovered recovered, @Nullable Journal journal) {
  private static final Logger log = LoggerFactory.getLogger(Disk.class);

  /** To be changed with what the records mean. */
  private static final int FORMAT = 1;

  private static final Disk NONE = new Disk(null, null);

  /**
   * @param templates takes those that are found
   */
  static Disk open(
      CachedKind kind, KindIndexes indexes, Templates templates, CacheOptions options) {
    Path directory = options.directory();
    if (directory == null) {
      return NONE;
    }
    String about =
        kind.resource().groupResource()
            + " "
            + kind.resource().version()
            + " "
            + kind.encoding()
            + (options.managedFields() ? " with" : " without")
            + " managedFields, format "
            + FORMAT;
    Path folder = directory.resolve(kind.resource().groupResource().toString());
    try {
      StateFiles files = StateFiles.open(folder);
      Recovered recovered = new Recovery(files, about, kind, indexes, templates).read();
      if (recovered != null) {
        log.atInfo()
            .addKeyValue("folder", folder)
            .addKeyValue("objects", recovered.base().objects().size())
            .addKeyValue("events", recovered.events().size())
            .log("the state was found on disk");
      } else if (files.last() > 0) {
        log.atWarn()
            .addKeyValue("folder", folder)
            .log("the state on disk can't be used: clients and members will list anew");
        files.clear();
      }
      return new Disk(recovered, new Journal(files, about, options.nanos()));
    } catch (IOException e) {
      log.atError()
          .addKeyValue("folder", folder)
          .addKeyValue("error", e.toString())
          .log("the state can't be kept on disk: a restart would lose clients' positions");
      return NONE;
    }
  }
}
