@NullMarked
package io.multicluster.server.flowcontrol;

import org.jspecify.annotations.NullMarked;
