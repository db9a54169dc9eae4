package io.multicluster.testclusters.demo;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the demo was asked for.
 *
 * @param port the gateway's loopback port; 0 for any free one
 */
record DemoOptions(Clusters clusters, int port, Path folder) {
  static final String USAGE =
      """
      Usage: multicluster-apiserver demo [--clusters=simulated|real|k3s] [--port=PORT] [--folder=FOLDER]

      Starts a federation control plane, the members test1, test2 and test3, and the gateway, all on this
      machine, and prints the kubeconfig to use. Everything is kept under FOLDER (default .demo) and ends
      with Ctrl-C.

        --clusters   simulated: API servers inside the demo's process; nothing needed beside the JDK
                     real:      kube-apiserver and etcd, built from their Go modules; needs Go
                     k3s:       in containers; needs Docker
                     default:   real where its programs are already built, else simulated
        --port       the gateway's port; default: any free one

      The environment variables CLUSTERS and PORT say the same.
      """;

  /** Kinds of clusters to run on. */
  enum Clusters {
    DEFAULT,
    SIMULATED,
    REAL,
    K3S
  }

  /** The arguments can't be understood; the message says which. */
  static final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
      super(message);
    }
  }

  static DemoOptions parse(List<String> arguments, Map<String, String> environment)
      throws UsageException {
    String clusters = environment.getOrDefault("CLUSTERS", "");
    String port = environment.getOrDefault("PORT", "");
    String folder = ".demo";
    Deque<String> rest = new ArrayDeque<>(arguments);
    while (!rest.isEmpty()) {
      String argument = rest.pop();
      int equals = argument.indexOf('=');
      String name = equals < 0 ? argument : argument.substring(0, equals);
      String value = equals < 0 ? rest.isEmpty() ? "" : rest.pop() : argument.substring(equals + 1);
      switch (name) {
        case "--clusters" -> clusters = value;
        case "--port" -> port = value;
        case "--folder" -> folder = value;
        default -> throw new UsageException("unknown argument: " + argument);
      }
    }
    return new DemoOptions(clusters(clusters), port(port), Path.of(folder).toAbsolutePath());
  }

  private static Clusters clusters(String text) throws UsageException {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "" -> Clusters.DEFAULT;
      case "simulated" -> Clusters.SIMULATED;
      case "real" -> Clusters.REAL;
      case "k3s" -> Clusters.K3S;
      default ->
          throw new UsageException("clusters must be simulated, real or k3s, not \"" + text + "\"");
    };
  }

  private static int port(String text) throws UsageException {
    if (text.isEmpty()) {
      return 0;
    }
    try {
      int port = Integer.parseInt(text);
      if (port > 0 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new UsageException("the port must be a number from 1 to 65535, not \"" + text + "\"");
  }
}
