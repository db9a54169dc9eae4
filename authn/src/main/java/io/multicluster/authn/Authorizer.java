package io.multicluster.authn;

import org.jspecify.annotations.Nullable;

/** Judges whether a request may be made. Safe for use by any thread. */
public interface Authorizer {

  /** May block while it asks somebody else. Does not throw: what can't be judged is refused. */
  Decision authorize(Attributes attributes);

  /**
   * Never blocks; for event loops.
   *
   * @return null if somebody else has to be asked, which {@link #authorize} does
   */
  @Nullable Decision decideNow(Attributes attributes);
}
