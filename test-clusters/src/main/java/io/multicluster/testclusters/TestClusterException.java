package io.multicluster.testclusters;

import org.jspecify.annotations.Nullable;

/**
 * A test cluster could not be had, or did not do what it was told; the message says where to look.
 */
public final class TestClusterException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public TestClusterException(String message) {
    this(message, null);
  }

  public TestClusterException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
