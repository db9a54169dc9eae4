/**
 * Which objects a request is about: {@link io.multicluster.wire.selector.LabelSelector} and {@link
 * io.multicluster.wire.selector.FieldSelector}, parsed and evaluated as kube-apiserver does, and
 * {@link io.multicluster.wire.selector.FieldLabels}, the fields that each kind can be selected by.
 */
@NullMarked
package io.multicluster.wire.selector;

import org.jspecify.annotations.NullMarked;
