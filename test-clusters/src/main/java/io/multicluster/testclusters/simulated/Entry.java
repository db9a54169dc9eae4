package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One state of a stored object; immutable. */
interface Entry {
  /** Empty for cluster-scoped objects. */
  String namespace();

  String name();

  String uid();

  long resourceVersion();

  Map<String, String> labels();

  /** In storage form, with kind and apiVersion. Shared: not to be changed. */
  ObjectNode object();

  /** The storage form's protobuf message, without envelope. */
  byte[] message();

  /** The length of {@link #message}, known without making it where that is costly. */
  int messageLength();

  /** The same content with another resourceVersion, as a deletion shows it. */
  Entry at(long resourceVersion);

  /** The value of a field that a selector may ask for; null: to be looked up in {@link #object}. */
  default @Nullable String field(String name) {
    return null;
  }

  /** What orders a collection: namespace and name as kube-apiserver's storage keys order them. */
  default String key() {
    return key(namespace(), name());
  }

  static String key(String namespace, String name) {
    return namespace.isEmpty() ? name : namespace + "/" + name;
  }
}
