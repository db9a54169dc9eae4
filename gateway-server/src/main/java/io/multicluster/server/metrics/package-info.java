/**
 * What the gateway counts about itself, for Prometheus. {@link
 * io.multicluster.server.metrics.MetricsText} is one scrape's page; every {@link
 * io.multicluster.server.metrics.MetricSource} writes its families into it when it is asked for.
 * Names are kube-apiserver's wherever it counts the same thing, so that dashboards and alerts for
 * it fit; docs/metrics.md lists them all.
 */
@NullMarked
package io.multicluster.server.metrics;

import org.jspecify.annotations.NullMarked;
