/**
 * What a request asks for. {@link io.multicluster.wire.request.Query} holds the parameters, {@link
 * io.multicluster.wire.request.RequestInfoParser} derives {@link
 * io.multicluster.wire.request.RequestInfo} from method, path and parameters; {@link
 * io.multicluster.wire.request.ListOptions} and its siblings are the validated parameters of each
 * verb.
 */
@NullMarked
package io.multicluster.wire.request;

import org.jspecify.annotations.NullMarked;
