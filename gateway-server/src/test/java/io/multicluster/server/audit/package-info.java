@NullMarked
package io.multicluster.server.audit;

import org.jspecify.annotations.NullMarked;
