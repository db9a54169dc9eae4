/**
 * The audit log. {@link io.multicluster.server.audit.AuditAnnotations} is what the steps of a
 * request leave for its record.
 */
@NullMarked
package io.multicluster.server.audit;

import org.jspecify.annotations.NullMarked;
