package io.multicluster.authn.review;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.authn.token.TokenAuthenticator;
import io.multicluster.authn.token.TokenRefusedException;
import io.multicluster.authn.token.TokenUser;
import io.multicluster.wire.user.UserInfo;
import java.io.IOException;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Asks the control plane whose token it is, with a TokenReview: so its service accounts, and
 * whatever else it accepts, work here too.
 */
public final class TokenReviewer implements TokenAuthenticator {
  private static final String GROUP = "authentication.k8s.io";
  private static final String PATH = "/apis/authentication.k8s.io/v1/tokenreviews";

  private final ReviewClient client;
  private final List<String> audiences;

  /**
   * @param audiences for one of which a token must be meant; empty: for the control plane itself
   */
  public TokenReviewer(ReviewClient client, List<String> audiences) {
    this.client = client;
    this.audiences = List.copyOf(audiences);
  }

  @Override
  public @Nullable TokenUser authenticate(String token) throws TokenRefusedException, IOException {
    ObjectNode spec = Reviews.object().put("token", token);
    if (!audiences.isEmpty()) {
      spec.set("audiences", Reviews.array(audiences));
    }
    JsonNode status = Reviews.ask(client, PATH, GROUP, "TokenReview", spec);
    if (!status.path("authenticated").asBoolean()) {
      String error = status.path("error").asText();
      if (error.isEmpty()) {
        return null;
      }
      throw new TokenRefusedException("the control plane says: " + error);
    }
    if (!audiences.isEmpty()
        && Collections.disjoint(audiences, Reviews.strings(status.path("audiences")))) {
      throw new TokenRefusedException("the token is meant for another audience");
    }
    return new TokenUser(user(status.path("user")), Instant.MAX);
  }

  private static UserInfo user(JsonNode user) throws IOException {
    String name = user.path("username").asText();
    if (name.isEmpty()) {
      throw new IOException("the control plane accepts a token but names no user");
    }
    return new UserInfo(
        name,
        user.path("uid").asText(),
        Reviews.strings(user.path("groups")),
        Reviews.extra(user.path("extra")));
  }
}
