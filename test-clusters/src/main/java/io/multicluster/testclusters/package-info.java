/**
 * API servers to test and demonstrate against.
 *
 * <p>A {@link io.multicluster.testclusters.ClusterProvider} starts {@linkplain
 * io.multicluster.testclusters.TestCluster clusters} of one kind, as a {@link
 * io.multicluster.testclusters.ClusterSpec} asks; {@link
 * io.multicluster.testclusters.ClusterAccess} is all that a client needs to know about one. Nothing
 * above this package knows the kind.
 */
@NullMarked
package io.multicluster.testclusters;

import org.jspecify.annotations.NullMarked;
