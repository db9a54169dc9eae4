/**
 * What a request asks for, read from its method, path and query: {@link
 * io.multicluster.wire.request.RequestInfo}.
 */
@NullMarked
package io.multicluster.wire.request;

import org.jspecify.annotations.NullMarked;
