/**
 * Admission as a step of the gateway. {@link io.multicluster.server.admission.AdmissionRoute}
 * stands in front of a route and gives it only what may happen; {@link
 * io.multicluster.server.admission.JudgedWrites} does so once a pod's member is known; {@link
 * io.multicluster.server.admission.ControlPlanePolicies} keeps the policies of the control plane.
 */
@NullMarked
package io.multicluster.server.admission;

import org.jspecify.annotations.NullMarked;
