package io.multicluster.server.pipeline;

import io.multicluster.authn.Attributes;
import io.multicluster.authn.Impersonation;
import io.multicluster.authn.Impersonation.Impersonated;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;

/** Lets a caller who may do so act as somebody else. The headers that ask for it end here. */
public final class Impersonate {
  private final Impersonation impersonation;

  public Impersonate(Impersonation impersonation) {
    this.impersonation = impersonation;
  }

  boolean isAsked(Exchange exchange) {
    return Impersonation.requested(exchange.request().headers());
  }

  /**
   * May block if it {@link #isAsked}.
   *
   * @return whom the request is made as
   * @throws io.multicluster.wire.status.ApiException 400 or 403
   */
  UserInfo user(PipelineExchange exchange, RequestInfo info, Query query, UserInfo caller) {
    if (!isAsked(exchange)) {
      return caller;
    }
    Impersonated other =
        impersonation.impersonate(
            Attributes.of(caller, info, query.get("fieldSelector"), query.get("labelSelector")),
            exchange.request().headers());
    Impersonation.strip(exchange.request().headers());
    if (other == null) {
      return caller;
    }
    exchange.impersonated(other.user(), other.constraint());
    return other.user();
  }
}
