package io.multicluster.server.pipeline;

import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.user.UserInfo;

/**
 * Lets a caller act as somebody else. Not offered yet: a request that asks for it is refused rather
 * than carried out as somebody it did not mean.
 */
public final class Impersonate {
  private static final String PREFIX = "impersonate-";

  boolean isAsked(Exchange exchange) {
    for (CharSequence name : exchange.request().headers().names()) {
      if (name.length() > PREFIX.length() && name.toString().startsWith(PREFIX)) {
        return true;
      }
    }
    return false;
  }

  /**
   * @return who the request is made as
   * @throws ApiException 403
   */
  UserInfo user(Exchange exchange, UserInfo caller) {
    if (isAsked(exchange)) {
      throw ApiException.badRequest("this gateway does not offer impersonation");
    }
    return caller;
  }
}
