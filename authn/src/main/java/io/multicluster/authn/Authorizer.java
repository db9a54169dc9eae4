package io.multicluster.authn;

import org.jspecify.annotations.Nullable;

/** Judges whether a request may be made. Safe for use by any thread. */
public interface Authorizer {

  /**
   * May block while it asks somebody else.
   *
   * @throws io.multicluster.wire.status.ApiException 503 if this can't be judged now
   */
  Decision authorize(Attributes attributes);

  /**
   * Never blocks; for event loops.
   *
   * @return null if somebody else has to be asked, which {@link #authorize} does
   */
  @Nullable Decision decideNow(Attributes attributes);
}
