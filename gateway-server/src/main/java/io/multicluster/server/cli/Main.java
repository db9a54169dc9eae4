package io.multicluster.server.cli;

import io.multicluster.server.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** The program {@code multicluster-apiserver}. */
@Command(
    name = "multicluster-apiserver",
    mixinStandardHelpOptions = true,
    description = "One Kubernetes API in front of many clusters.",
    subcommands = {
      ServeCommand.class,
      DemoCommand.class,
      CertsCommand.class,
      VersionCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Main implements Runnable {
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

  private Main() {}

  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** Returns the exit code: 0 done, 1 failed, 2 wrong arguments. */
  public static int run(String... arguments) {
    return commandLine().execute(arguments);
  }

  static int run(PrintWriter out, PrintWriter err, String... arguments) {
    return commandLine().setOut(out).setErr(err).execute(arguments);
  }

  private static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Main::failed);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "A command is missing.");
  }

  /** What a person can mend is told in a sentence; anything else needs its stack trace. */
  private static int failed(
      Exception failure, CommandLine command, CommandLine.ParseResult arguments) throws Exception {
    if (failure instanceof ConfigurationException
        || failure instanceof IOException
        || failure instanceof IllegalArgumentException) {
      command.getErr().println(failure.getMessage());
      return 1;
    }
    throw failure;
  }
}
