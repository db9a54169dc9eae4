/**
 * The configuration file. {@link io.multicluster.server.config.ConfigurationFile} reads it into
 * {@link io.multicluster.server.config.GatewayConfiguration}, whose records check themselves; what
 * is wrong is told with file, line and column. Each key is described in {@code
 * docs/configuration.md}.
 */
@NullMarked
package io.multicluster.server.config;

import org.jspecify.annotations.NullMarked;
