package io.multicluster.cache;

import io.multicluster.wire.resource.GroupVersionResource;

/**
 * A kind whose objects are cached.
 *
 * @param resource how members are asked for it: for Events always {@code v1}, although {@code
 *     events.k8s.io} is served from the same objects
 * @param kind such as {@code Pod}
 * @param namespaced whether its objects live in namespaces
 * @param encoding what members are asked for and what is kept
 */
public record CachedKind(
    GroupVersionResource resource, String kind, boolean namespaced, Encoding encoding) {

  /** How the bytes of an object are to be read. */
  public enum Encoding {
    /** The bare protobuf message, without envelope. Built-in kinds. */
    PROTOBUF,
    /** One JSON object, {@code kind} and {@code apiVersion} included. Custom resources. */
    JSON
  }

  public static final CachedKind PODS =
      new CachedKind(new GroupVersionResource("", "v1", "pods"), "Pod", true, Encoding.PROTOBUF);

  public static final CachedKind EVENTS =
      new CachedKind(
          new GroupVersionResource("", "v1", "events"), "Event", true, Encoding.PROTOBUF);
}
