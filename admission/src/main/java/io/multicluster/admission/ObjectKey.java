package io.multicluster.admission;

import io.multicluster.wire.resource.GroupResource;

/**
 * Which object, whatever version it is asked in and however often it was made anew.
 *
 * @param cluster the member; empty for the control plane
 * @param namespace empty if cluster-scoped
 */
record ObjectKey(String cluster, GroupResource resource, String namespace, String name) {}
