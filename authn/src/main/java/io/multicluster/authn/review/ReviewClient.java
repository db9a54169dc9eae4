package io.multicluster.authn.review;

import java.io.IOException;

/** Sends reviews to the control plane, with the gateway's own credentials. */
@FunctionalInterface
public interface ReviewClient {
  /**
   * Creates a review and waits for the answer; never called on an event loop.
   *
   * @param path such as {@code /apis/authorization.k8s.io/v1/subjectaccessreviews}
   * @param review a JSON object; sent as {@code application/json}, and JSON is asked for
   * @return the body of a 2xx answer
   * @throws IOException if there is no such answer within the client's time limit; the message must
   *     not quote {@code review}, which may hold a token
   */
  byte[] create(String path, byte[] review) throws IOException;
}
