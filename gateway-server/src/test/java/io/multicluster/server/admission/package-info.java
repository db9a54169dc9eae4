@NullMarked
package io.multicluster.server.admission;

import org.jspecify.annotations.NullMarked;
