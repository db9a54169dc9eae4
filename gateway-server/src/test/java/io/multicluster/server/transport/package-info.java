@NullMarked
package io.multicluster.server.transport;

import org.jspecify.annotations.NullMarked;
