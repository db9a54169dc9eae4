/** Who a request comes from. */
@NullMarked
package io.multicluster.wire.user;

import org.jspecify.annotations.NullMarked;
