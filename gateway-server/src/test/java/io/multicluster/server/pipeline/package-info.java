@NullMarked
package io.multicluster.server.pipeline;

import org.jspecify.annotations.NullMarked;
