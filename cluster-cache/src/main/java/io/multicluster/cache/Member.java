package io.multicluster.cache;

/**
 * A member cluster. Two members are the same only if both parts are: a cluster that was rebuilt
 * under its old name is another one.
 *
 * @param name as clients see it; not empty, at most 63 bytes
 * @param uid of the member's namespace {@code kube-system}
 */
public record Member(String name, String uid) {
  public Member {
    if (name.isEmpty() || name.length() > 63 || name.indexOf('/') >= 0) {
      throw new IllegalArgumentException("\"" + name + "\" can't be the name of a member");
    }
    if (uid.isEmpty()) {
      throw new IllegalArgumentException("member " + name + " has no UID");
    }
  }
}
