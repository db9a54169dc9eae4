/**
 * The audit log, in Kubernetes' form ({@code audit.k8s.io/v1}). {@link
 * io.multicluster.server.audit.Auditor} judges a request by the {@link
 * io.multicluster.server.audit.AuditPolicy} and gives it an {@link
 * io.multicluster.server.audit.AuditTrail}; the trail's events go to the {@link
 * io.multicluster.server.audit.AuditLog}, whose one thread writes the file.
 *
 * <p>A change is atomic with its record: it leaves for its upstream when the intent (stage
 * RequestReceived) is on disk, and {@link io.multicluster.server.audit.RecordedSink} gives the
 * client its answer when the outcome (stage ResponseComplete) is.
 *
 * <p>{@link io.multicluster.server.audit.AuditAnnotations} is what the steps of a request leave for
 * its record.
 */
@NullMarked
package io.multicluster.server.audit;

import org.jspecify.annotations.NullMarked;
