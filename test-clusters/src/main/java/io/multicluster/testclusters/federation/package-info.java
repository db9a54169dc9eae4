/**
 * The world that tests and the demo look at: a control plane, members, and a stand-in for the
 * federation that keeps them in motion. Start reading at {@link
 * io.multicluster.testclusters.federation.FederationWorld}.
 *
 * <p>The stand-in does what Karmada, OpenKruise and kubelets do, with plain API calls only, so that
 * it works on any kind of cluster. {@code CloneSetPropagation} copies a CloneSet of the control
 * plane into members with a share of its replicas each and gathers their status; in each member a
 * {@code CloneSetController} makes pods of the copy, and a {@code Kubelet} per node takes them to
 * Running where the cluster has nobody who does. Each of them is a {@code WorkQueue} of object
 * names, fed by watches, with a method that brings one object closer to what it should be.
 */
@NullMarked
package io.multicluster.testclusters.federation;

import org.jspecify.annotations.NullMarked;
