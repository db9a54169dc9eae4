package io.multicluster.cache;

/**
 * An object of a member, for those who have to look into it.
 *
 * @param bytes as served, in the encoding in which its kind is kept; not to be changed
 */
public record MemberObject(String cluster, byte[] bytes) {

  static MemberObject of(CachedObject object) {
    return new MemberObject(object.cluster(), object.bytes());
  }
}
