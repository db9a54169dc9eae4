/** Label and field selectors. */
@NullMarked
package io.multicluster.wire.selector;

import org.jspecify.annotations.NullMarked;
