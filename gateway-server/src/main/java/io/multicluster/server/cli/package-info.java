/**
 * The command line. {@link io.multicluster.server.cli.Main} is the program; each command is a
 * class.
 */
@NullMarked
package io.multicluster.server.cli;

import org.jspecify.annotations.NullMarked;
