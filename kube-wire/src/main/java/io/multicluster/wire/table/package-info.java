/**
 * Tables as kubectl shows them. {@link io.multicluster.wire.table.TableRow} is what is lifted out
 * of an object once; {@link io.multicluster.wire.table.TableWriter} writes rows as a {@code
 * meta.k8s.io} Table, with the cluster of each object in a column of its own.
 */
@NullMarked
package io.multicluster.wire.table;

import org.jspecify.annotations.NullMarked;
