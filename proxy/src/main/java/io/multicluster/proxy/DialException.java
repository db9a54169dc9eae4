package io.multicluster.proxy;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** No address of an upstream could be connected to; the message is fit for a client. */
final class DialException extends IOException {
  private static final long serialVersionUID = 1L;

  DialException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
