/**
 * API servers simulated in this JVM, for demonstrations without Go or a container engine, for
 * faults on demand and for more pods than real clusters on one machine can have.
 *
 * <p>{@link io.multicluster.testclusters.simulated.SimulatedClusters} starts them. The way of a
 * request reads top to bottom in {@code ApiServer}: {@code Transport} delivers it, {@code Target}
 * says what it is about, {@code Authentication} and {@code Rbac} judge it, {@code Reads}, {@code
 * Writes}, {@code Reviews}, {@code Discovery} and {@code OpenApi} answer it, {@code ObjectEncoder}
 * puts objects into bytes. {@code ObjectStore} keeps the objects, one {@code ResourceCollection}
 * per resource with a history that watches follow. {@code Schema} is the table that says how
 * built-in kinds look; custom kinds are described by their definitions, which {@code Catalog}
 * collects. {@link io.multicluster.testclusters.simulated.Faults} breaks things.
 *
 * <p>On purpose it shares no protocol code with the gateway beyond the types of errors and names: a
 * rule that one of the two misreads shows in the other. The contract tests hold it against a real
 * kube-apiserver.
 */
@NullMarked
package io.multicluster.testclusters.simulated;

import org.jspecify.annotations.NullMarked;
