@NullMarked
package io.multicluster.admission;

import org.jspecify.annotations.NullMarked;
