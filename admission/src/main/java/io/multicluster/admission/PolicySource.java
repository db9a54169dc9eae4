package io.multicluster.admission;

import java.util.List;

/** Where the policies come from. Safe for use by any thread. */
@FunctionalInterface
public interface PolicySource {
  /**
   * The policies in force, ordered by name.
   *
   * @throws io.multicluster.wire.status.ApiException 503 if they are not known: nothing may be
   *     judged then
   */
  List<ProtectionPolicy> policies();
}
