@NullMarked
package io.multicluster.server.members;

import org.jspecify.annotations.NullMarked;
