package io.multicluster.server.cli;

import io.multicluster.server.Version;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code version}. */
@Command(name = "version", mixinStandardHelpOptions = true, description = "Print the version.")
final class VersionCommand implements Runnable {
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  @Override
  public void run() {
    spec.commandLine().getOut().println("multicluster-apiserver " + Version.current());
  }
}
