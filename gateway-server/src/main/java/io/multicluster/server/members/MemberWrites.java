package io.multicluster.server.members;

import io.multicluster.proxy.UpstreamResponse;

/** Carries changes out in the members that have the objects. Safe for use by any thread. */
@FunctionalInterface
public interface MemberWrites {
  /**
   * Makes a change. Blocks: for virtual threads.
   *
   * @return the member's answer, whatever its status
   * @throws io.multicluster.wire.status.ApiException if the change is refused, or the member can't
   *     be reached, does not answer or refuses the gateway's own credentials
   */
  UpstreamResponse send(MemberWrite write);
}
