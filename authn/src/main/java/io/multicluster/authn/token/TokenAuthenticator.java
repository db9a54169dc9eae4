package io.multicluster.authn.token;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Knows some tokens. Safe for use by any thread; may block. */
@FunctionalInterface
public interface TokenAuthenticator {
  /**
   * @return null if the token is none of those that this authenticator judges
   * @throws TokenRefusedException if it is one of them, and no good
   * @throws IOException if the token can't be judged now
   */
  @Nullable TokenUser authenticate(String token) throws TokenRefusedException, IOException;
}
