/**
 * May this change happen: delete protection, scale-down protection, scaling modes.
 *
 * <p>{@link io.multicluster.admission.Admission} is the way of one change: read the object, have
 * the API server compute the object after the change (dry run), judge both, write with the judged
 * resourceVersion as precondition. {@code Rules} judges one change of one object, {@code PodRules}
 * the removal of pods, {@code Containment} finds what a deletion takes along. Rules come as {@link
 * io.multicluster.admission.ProtectionPolicy} from a {@link
 * io.multicluster.admission.PolicySource}, and as labels and annotations of the objects.
 *
 * <p>All of it blocks and belongs on virtual threads. What can't be judged is refused.
 */
@NullMarked
package io.multicluster.admission;

import org.jspecify.annotations.NullMarked;
