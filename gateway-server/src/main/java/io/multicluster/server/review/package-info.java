/**
 * What users ask about themselves: {@code kubectl auth can-i}, {@code can-i --list} and {@code
 * whoami}. {@link io.multicluster.server.review.SelfReviews} answers with the verdicts by which the
 * gateway judges their requests.
 */
@NullMarked
package io.multicluster.server.review;

import org.jspecify.annotations.NullMarked;
