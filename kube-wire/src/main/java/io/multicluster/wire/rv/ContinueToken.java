package io.multicluster.wire.rv;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;

/**
 * Where the next page of a list starts. Clients must not look into it, yet nothing in it is secret
 * or trusted: a changed token can only name another position in the same collection, which the
 * request's own namespace and selectors then narrow as ever.
 *
 * <p>The text is unpadded base64url of one version byte, one byte of flags, the position and the
 * key.
 *
 * @param resourceVersion of the first page, which all pages share; not negative
 * @param startKey first key that may be on the page, in the form of the collection's sort keys
 * @param inconsistent whether to go on in the present state, because that of the first page is gone
 */
public record ContinueToken(long resourceVersion, byte[] startKey, boolean inconsistent) {
  private static final byte VERSION = 1;
  private static final int INCONSISTENT = 1;
  private static final int HEADER_LENGTH = 2 + Long.BYTES;

  /** Far beyond namespace, name and cluster; keeps a forged token from costing anything. */
  private static final int MAX_TEXT_LENGTH = 4096;

  private static final String TOO_OLD =
      "The provided continue parameter is too old to display a consistent list result. You can"
          + " start a new list without the continue parameter, or use the continue token in this"
          + " response to retrieve the remainder of the results. Continuing with the provided token"
          + " results in an inconsistent list - objects that were created, modified, or deleted"
          + " between the time the first chunk was returned and now may show up in the list.";

  public ContinueToken {
    if (resourceVersion < 0 || startKey.length == 0) {
      throw new IllegalArgumentException("a page starts somewhere");
    }
  }

  /**
   * @throws ApiException 400 if this server did not make the token
   */
  public static ContinueToken decode(String text) {
    if (text.length() > MAX_TEXT_LENGTH) {
      throw invalid("");
    }
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw invalid(": " + e.getMessage());
    }
    if (bytes.length <= HEADER_LENGTH) {
      throw invalid("");
    }
    if (bytes[0] != VERSION) {
      throw invalid(": server does not recognize this encoded version");
    }
    long resourceVersion = ByteBuffer.wrap(bytes).getLong(2);
    if (resourceVersion < 0 || (bytes[1] & ~INCONSISTENT) != 0) {
      throw invalid("");
    }
    return new ContinueToken(
        resourceVersion,
        Arrays.copyOfRange(bytes, HEADER_LENGTH, bytes.length),
        (bytes[1] & INCONSISTENT) != 0);
  }

  public String encode() {
    byte[] bytes =
        ByteBuffer.allocate(HEADER_LENGTH + startKey.length)
            .put(VERSION)
            .put((byte) (inconsistent ? INCONSISTENT : 0))
            .putLong(resourceVersion)
            .put(startKey)
            .array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * The answer to this token when the state it belongs to is gone: 410, with a token that goes on
   * from the same key in the present state.
   */
  public ApiException tooOld() {
    String fresh = new ContinueToken(resourceVersion, startKey, true).encode();
    return new ApiException(Status.failure(410, "Expired", TOO_OLD).withContinue(fresh));
  }

  private static ApiException invalid(String why) {
    return ApiException.badRequest("invalid continue token: continue key is not valid" + why);
  }
}
