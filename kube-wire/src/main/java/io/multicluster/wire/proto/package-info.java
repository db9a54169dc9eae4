/**
 * Kubernetes protobuf as bytes: read, cut apart and rewritten in place, without message objects.
 *
 * <p>From a member: {@link io.multicluster.wire.proto.ListSplitter} and {@link
 * io.multicluster.wire.proto.WatchFrameSplitter} cut streams into objects, {@link
 * io.multicluster.wire.proto.ObjectMeta} lifts out what an object is found by, {@link
 * io.multicluster.wire.proto.ProtoReader} any other field. To a client: {@link
 * io.multicluster.wire.proto.ObjectSplicer} writes the object with its few changed fields, bare, in
 * an {@link io.multicluster.wire.proto.Envelope} or in a watch frame ({@link
 * io.multicluster.wire.proto.WatchFrames}); {@code io.multicluster.wire.json} writes the same as
 * JSON.
 *
 * <p>Bytes that are not what they are taken for end in {@link
 * io.multicluster.wire.proto.MalformedProtoException} and in nothing else.
 */
@NullMarked
package io.multicluster.wire.proto;

import org.jspecify.annotations.NullMarked;
