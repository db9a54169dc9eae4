package io.multicluster.testclusters.federation;

import java.util.List;

/** Ends several parts, the last made first. */
final class Closing {
  private Closing() {}

  /** Closes all of them even if some can't be; throws the first failure afterwards. */
  static void all(List<? extends AutoCloseable> parts) {
    RuntimeException failure = null;
    for (AutoCloseable part : parts.reversed()) {
      try {
        part.close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("can't close " + part, e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
