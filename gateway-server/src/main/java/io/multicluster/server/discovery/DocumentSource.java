package io.multicluster.server.discovery;

import org.jspecify.annotations.Nullable;

/** Reads documents of the control plane. */
public interface DocumentSource {
  /**
   * Sends a GET and waits for the whole answer.
   *
   * @param target escaped path with query
   * @param ifNoneMatch an ETag as received; null for none
   * @throws io.multicluster.wire.status.ApiException if there is no answer
   */
  Document get(String target, String accept, @Nullable String ifNoneMatch);

  /**
   * An answer.
   *
   * @param contentType as sent, empty if absent
   * @param etag as sent with its quotes; null if absent
   */
  record Document(int status, String contentType, @Nullable String etag, byte[] body) {}
}
