@NullMarked
package io.multicluster.server.config;

import org.jspecify.annotations.NullMarked;
