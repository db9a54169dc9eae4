package io.multicluster.testclusters.simulated;

import org.jspecify.annotations.Nullable;

/**
 * What one revision did to one object.
 *
 * @param before null for a creation
 * @param after null for a deletion
 */
record Change(long resourceVersion, @Nullable Entry before, @Nullable Entry after) {}
