/** Reads what Kubernetes' own code made of generated inputs; see {@code kube-wire/generator}. */
@NullMarked
package io.multicluster.wire.oracle;

import org.jspecify.annotations.NullMarked;
