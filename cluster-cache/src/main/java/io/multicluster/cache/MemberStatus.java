package io.multicluster.cache;

/**
 * How one member and kind stand.
 *
 * @param listed whether there is, or was, a complete list
 * @param unreachable why the member does not answer; empty if it does
 * @param resourceVersion the member's own, up to which everything is applied; 0 if unknown
 */
public record MemberStatus(
    Member member, boolean listed, String unreachable, long resourceVersion) {

  /** Whether what is shown of the member may be out of date. */
  public boolean stale() {
    return !unreachable.isEmpty();
  }
}
