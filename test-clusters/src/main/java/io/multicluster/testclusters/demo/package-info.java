/**
 * The program's {@code demo} command: {@link io.multicluster.testclusters.demo.DemoTool} brings up
 * a federation of three members, the gateway in front of it, and a kubeconfig with a certificate of
 * the gateway's own CA.
 */
@NullMarked
package io.multicluster.testclusters.demo;

import org.jspecify.annotations.NullMarked;
