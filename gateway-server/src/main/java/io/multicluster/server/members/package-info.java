/**
 * Changes to cached kinds, which live in the members. {@link
 * io.multicluster.server.members.CachedWrites} is the route: it finds the member, has the body said
 * in the member's terms (its resourceVersions, without the marks by which we show the cluster) and
 * answers with the object as a read of it would. {@link
 * io.multicluster.server.members.MemberWrites} is where a change leaves for its member: whoever has
 * a say in changes wraps it.
 *
 * <p>Bodies stay the bytes that they are, but for those few places: {@code JsonBody}, {@code
 * YamlBody} and {@code ProtobufBody} find them, {@code Place} knows where they can be, {@code
 * MemberTerms} what becomes of them. {@code JsonPatch} is the one body that is made anew.
 */
@NullMarked
package io.multicluster.server.members;

import org.jspecify.annotations.NullMarked;
