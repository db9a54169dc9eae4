package io.multicluster.server.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.spi.ToolProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/**
 * {@code demo}: runs the tool of that name which is on the class path beside the program, and knows
 * nothing else about it.
 */
@Command(
    name = "demo",
    description = "A federation with three members and the gateway, on this machine.")
final class DemoCommand implements Callable<Integer> {
  /** The tool parses its arguments itself. */
  @Unmatched private final List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() {
    return ToolProvider.findFirst("demo")
        .map(demo -> demo.run(System.out, System.err, arguments.toArray(String[]::new)))
        .orElseThrow(
            () -> new IllegalArgumentException("This distribution comes without the demo."));
  }
}
