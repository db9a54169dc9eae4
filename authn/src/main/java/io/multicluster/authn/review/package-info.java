/**
 * Questions to the control plane: {@link
 * io.multicluster.authn.review.SubjectAccessReviewAuthorizer} asks it whether a user may do
 * something, {@link io.multicluster.authn.review.TokenReviewer} whose token this is. Both remember
 * answers for a short while, in caches with a bound.
 */
@NullMarked
package io.multicluster.authn.review;

import org.jspecify.annotations.NullMarked;
