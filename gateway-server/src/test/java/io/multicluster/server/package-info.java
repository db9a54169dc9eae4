@NullMarked
package io.multicluster.server;

import org.jspecify.annotations.NullMarked;
