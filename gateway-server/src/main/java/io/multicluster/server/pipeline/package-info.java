/**
 * The way of a request. {@link io.multicluster.server.pipeline.RequestPipeline} shows it from top
 * to bottom; each step is a class of its own. A step returns, or throws an {@link
 * io.multicluster.wire.status.ApiException} that becomes the answer.
 *
 * <p>What can be answered from memory runs on the event loop, everything else on a virtual thread
 * of its own; the pipeline decides that in one method.
 */
@NullMarked
package io.multicluster.server.pipeline;

import org.jspecify.annotations.NullMarked;
