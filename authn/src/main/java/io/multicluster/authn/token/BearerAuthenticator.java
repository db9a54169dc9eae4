package io.multicluster.authn.token;

import com.github.benmanes.caffeine.cache.Ticker;
import io.multicluster.authn.AnswerCache;
import io.multicluster.authn.Authentication;
import io.multicluster.authn.AuthenticationRequest;
import io.multicluster.authn.Authenticator;
import io.multicluster.authn.UserHeaders;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds bearer tokens, in {@code Authorization} or, where a browser opens a WebSocket, among the
 * offered subprotocols, and asks several authenticators whose they are: the first that knows a
 * token decides. Answers are kept for a short while, by the token's hash.
 */
public final class BearerAuthenticator implements Authenticator {
  private static final Logger LOG = LoggerFactory.getLogger(BearerAuthenticator.class);
  private static final AsciiString AUTHORIZATION = AsciiString.cached("authorization");
  private static final AsciiString SUBPROTOCOLS = AsciiString.cached("sec-websocket-protocol");
  private static final AsciiString UPGRADE = AsciiString.cached("upgrade");
  private static final String SUBPROTOCOL_PREFIX = "base64url.bearer.authorization.k8s.io.";

  /** Longer ones than any issuer's would only be there to be hashed. */
  private static final int MAX_TOKEN_CHARACTERS = 64 * 1024;

  private static final int MAX_ANSWERS = 20_000;
  private static final int RETRY_AFTER_SECONDS = 1;

  /** kube-apiserver's time for accepted tokens. */
  private static final Duration ANSWER_STAYS = Duration.ofSeconds(10);

  private final List<TokenAuthenticator> authenticators;
  private final AnswerCache<TokenHash, Answer> answers;
  private final Clock clock;

  public BearerAuthenticator(List<TokenAuthenticator> authenticators, Clock clock, Ticker ticker) {
    this.authenticators = List.copyOf(authenticators);
    this.clock = clock;
    this.answers = new AnswerCache<>(MAX_ANSWERS, _ -> ANSWER_STAYS, ticker);
  }

  @Override
  public @Nullable UserInfo authenticate(AuthenticationRequest request) {
    String token = token(request.headers());
    if (token.isEmpty()) {
      return null;
    }
    try {
      return user(answers.get(TokenHash.of(token), () -> ask(token)));
    } catch (IOException e) {
      LOG.atWarn().setCause(e).log("A bearer token can't be judged");
      throw ApiException.unavailable(
          "the credentials could not be checked now", RETRY_AFTER_SECONDS);
    }
  }

  @Override
  public Authentication authenticateNow(AuthenticationRequest request) {
    String token = token(request.headers());
    if (token.isEmpty()) {
      return Authentication.Unknown.NO_OPINION;
    }
    Answer answer = answers.getIfPresent(TokenHash.of(token));
    return answer == null
        ? Authentication.Unknown.MUST_ASK
        : new Authentication.Accepted(user(answer));
  }

  @Override
  public void strip(Http2Headers headers) {
    headers.remove(AUTHORIZATION);
    if (headers.contains(SUBPROTOCOLS)) {
      List<String> others = new ArrayList<>();
      for (String protocol : subprotocols(headers)) {
        if (!protocol.startsWith(SUBPROTOCOL_PREFIX)) {
          others.add(protocol);
        }
      }
      headers.remove(SUBPROTOCOLS);
      if (!others.isEmpty()) {
        headers.set(SUBPROTOCOLS, String.join(",", others));
      }
    }
  }

  private UserInfo user(Answer answer) {
    return switch (answer) {
      case Answer.Good(TokenUser user) when clock.instant().isBefore(user.until()) -> user.user();
      case Answer.Good _, Answer.Bad() -> throw ApiException.unauthorized();
    };
  }

  private Answer ask(String token) throws IOException {
    IOException unknown = null;
    for (TokenAuthenticator authenticator : authenticators) {
      try {
        TokenUser user = authenticator.authenticate(token);
        if (user != null) {
          return new Answer.Good(user);
        }
      } catch (TokenRefusedException e) {
        LOG.atInfo().addKeyValue("reason", e.getMessage()).log("Bearer token refused");
      } catch (IOException e) {
        unknown = e;
      }
    }
    if (unknown != null) {
      throw unknown;
    }
    return new Answer.Bad();
  }

  private sealed interface Answer {
    record Good(TokenUser user) implements Answer {}

    record Bad() implements Answer {}
  }

  /**
   * @return empty if the request has none
   * @throws ApiException 401 if it has one that can't be read
   */
  private static String token(Http2Headers headers) {
    String authorization = UserHeaders.first(headers, AUTHORIZATION).strip();
    String[] parts = authorization.split(" ", 3);
    if (parts.length > 1 && parts[0].equalsIgnoreCase("Bearer") && !parts[1].isEmpty()) {
      return checked(parts[1]);
    }
    return UserHeaders.first(headers, UPGRADE).equalsIgnoreCase("websocket")
        ? checked(offeredToken(headers))
        : "";
  }

  private static String checked(String token) {
    if (token.length() > MAX_TOKEN_CHARACTERS) {
      throw ApiException.unauthorized();
    }
    return token;
  }

  /** There must be another protocol beside the token: the server has to answer with one. */
  private static String offeredToken(Http2Headers headers) {
    String token = "";
    boolean others = false;
    for (String protocol : subprotocols(headers)) {
      if (!protocol.startsWith(SUBPROTOCOL_PREFIX)) {
        others = true;
      } else if (token.isEmpty()) {
        token = decoded(protocol.substring(SUBPROTOCOL_PREFIX.length()));
      } else {
        throw ApiException.unauthorized();
      }
    }
    if (!token.isEmpty() && !others) {
      throw ApiException.unauthorized();
    }
    return token;
  }

  private static String decoded(String encoded) {
    if (encoded.endsWith("=")) {
      throw ApiException.unauthorized();
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(Base64.getUrlDecoder().decode(encoded)))
          .toString();
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw ApiException.unauthorized();
    }
  }

  private static List<String> subprotocols(Http2Headers headers) {
    return UserHeaders.all(headers, SUBPROTOCOLS).stream()
        .flatMap(value -> Arrays.stream(value.split(",")))
        .map(String::strip)
        .filter(protocol -> !protocol.isEmpty())
        .toList();
  }
}
