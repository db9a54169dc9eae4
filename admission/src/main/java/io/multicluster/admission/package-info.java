/**
 * May this change happen: delete protection, scale-down protection, scaling modes.
 *
 * <p>{@link io.multicluster.admission.Admission} gives a request to the class for its kind of
 * change: {@code Creation}, {@code Change}, {@code Deletion}, {@code CollectionDeletion} or {@code
 * PodRemoval}. Start with {@code Change}, whose {@code admit} is the whole way: read the object,
 * have the API server compute the object after the change (dry run), judge both, write with the
 * judged resourceVersion as precondition.
 *
 * <p>They share a {@code Judgement}, which is one try to judge one request; {@code Reads} and
 * {@code Writes}, which talk to the API server; and {@code Protection}, which outlives requests.
 * {@code Rules} judges one change of one object, {@code AutoscalerRules} what an autoscaler may do
 * to its target, {@code PodRules} the removal of pods, {@code Containment} finds what a deletion
 * takes along. Rules come as {@link io.multicluster.admission.ProtectionPolicy} from a {@link
 * io.multicluster.admission.PolicySource}, and as labels and annotations of the objects.
 *
 * <p>All of it blocks and belongs on virtual threads. What can't be judged is refused.
 */
@NullMarked
package io.multicluster.admission;

import org.jspecify.annotations.NullMarked;
