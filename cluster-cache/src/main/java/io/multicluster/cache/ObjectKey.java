package io.multicluster.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/**
 * The keys by which objects are ordered: {@code namespace/name}, as kube-apiserver orders them,
 * then NUL and the name of the cluster. Cluster-scoped objects have no {@code namespace/}. NUL is
 * below every byte of a name, so equal names of several clusters stand side by side.
 */
final class ObjectKey {
  private ObjectKey() {}

  static byte[] of(String namespace, String name, String cluster) {
    return (path(namespace, name) + '\0' + cluster).getBytes(UTF_8);
  }

  /** What the keys of all clusters' objects of that name begin with. */
  static byte[] prefix(String namespace, String name) {
    return (path(namespace, name) + '\0').getBytes(UTF_8);
  }

  /** What the keys of all objects of that namespace begin with. */
  static byte[] prefix(String namespace) {
    return (namespace + '/').getBytes(UTF_8);
  }

  static boolean startsWith(byte[] key, byte[] prefix) {
    return key.length >= prefix.length
        && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
  }

  /** The lowest key above {@code key}. */
  static byte[] after(byte[] key) {
    return Arrays.copyOf(key, key.length + 1);
  }

  /** The lowest key above all that begin with {@code prefix}, which ends in a slash or NUL. */
  static byte[] afterPrefix(byte[] prefix) {
    byte[] end = prefix.clone();
    end[end.length - 1]++;
    return end;
  }

  static String namespace(byte[] key) {
    int slash = indexOf(key, '/');
    return slash < 0 ? "" : new String(key, 0, slash, UTF_8);
  }

  static String name(byte[] key) {
    int start = indexOf(key, '/') + 1;
    return new String(key, start, indexOf(key, '\0') - start, UTF_8);
  }

  private static String path(String namespace, String name) {
    return namespace.isEmpty() ? name : namespace + '/' + name;
  }

  private static int indexOf(byte[] key, char c) {
    for (int i = 0; i < key.length; i++) {
      if (key[i] == c) {
        return i;
      }
    }
    return -1;
  }
}
