package io.multicluster.cache;

import io.multicluster.wire.proto.ClusterMark;

/**
 * One incarnation of a member, referred to by its objects. Compared by identity: a cluster that
 * left and joined again has a new one.
 */
final class Origin {
  private final Member member;
  private final ClusterMark mark;

  Origin(Member member) {
    this.member = member;
    this.mark = new ClusterMark(member.name());
  }

  Member member() {
    return member;
  }

  String cluster() {
    return member.name();
  }

  ClusterMark mark() {
    return mark;
  }
}
