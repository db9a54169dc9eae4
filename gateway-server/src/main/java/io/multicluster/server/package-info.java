/**
 * The gateway as a whole: {@link io.multicluster.server.Gateway} puts its parts together, from the
 * configuration to the listener.
 */
@NullMarked
package io.multicluster.server;

import org.jspecify.annotations.NullMarked;
