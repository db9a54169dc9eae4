/**
 * The whole program as its users meet it: processes, real clients, real API servers wherever they
 * can be had.
 */
@NullMarked
package io.multicluster.server.e2e;

import org.jspecify.annotations.NullMarked;
