/**
 * What an API server does, said once and held against both kinds: {@link
 * io.multicluster.testclusters.contract.ApiServerContract} runs on the simulated one and on a real
 * one, and {@link io.multicluster.testclusters.contract.SameAnswersTest} asks both the same
 * questions and compares the answers.
 */
@NullMarked
package io.multicluster.testclusters.contract;

import org.jspecify.annotations.NullMarked;
