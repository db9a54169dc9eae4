@NullMarked
package io.multicluster.server.cli;

import org.jspecify.annotations.NullMarked;
