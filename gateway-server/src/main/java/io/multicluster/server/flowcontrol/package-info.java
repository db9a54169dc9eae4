/**
 * Who may run when there is more to do than can be done at once, after Kubernetes' API Priority and
 * Fairness (KEP-1040). {@link io.multicluster.server.flowcontrol.FlowControl} finds the FlowSchema
 * and priority level of a request; the level gives it seats, or has it wait in one of its queues,
 * dealt by shuffle sharding and served by fair queuing.
 */
@NullMarked
package io.multicluster.server.flowcontrol;

import org.jspecify.annotations.NullMarked;
