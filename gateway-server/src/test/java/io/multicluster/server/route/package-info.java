@NullMarked
package io.multicluster.server.route;

import org.jspecify.annotations.NullMarked;
