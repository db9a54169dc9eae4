/** Protobuf as bytes: reading fields in place, without message objects. */
@NullMarked
package io.multicluster.wire.proto;

import org.jspecify.annotations.NullMarked;
