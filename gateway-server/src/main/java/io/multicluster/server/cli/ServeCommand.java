package io.multicluster.server.cli;

import io.multicluster.server.Gateway;
import io.multicluster.server.config.ConfigurationFile;
import io.multicluster.server.config.GatewayConfiguration;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code serve}: the gateway until SIGTERM or SIGINT, which let it finish what is under way. */
@Command(name = "serve", mixinStandardHelpOptions = true, description = "Run the gateway.")
final class ServeCommand implements Callable<Integer> {
  /** Kubernetes kills a pod 30 s after SIGTERM. */
  private static final Duration DRAIN = Duration.ofSeconds(25);

  @Option(names = "--config", required = true, paramLabel = "FILE", description = "its settings")
  private Path config = Path.of("gateway.yaml");

  @Override
  public Integer call() throws Exception {
    GatewayConfiguration configuration = ConfigurationFile.read(config);
    LoggingSetup.apply(configuration.logging());
    Logger log = LoggerFactory.getLogger("serve");
    Gateway gateway = Gateway.start(configuration);
    CountDownLatch drained = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  log.info("Stopping: no new requests, those under way may end");
                  gateway.drain(DRAIN);
                  gateway.close();
                  log.info("Stopped");
                  drained.countDown();
                  // The exit code of a program that a signal ends would be 143; this end is
                  // orderly.
                  Runtime.getRuntime().halt(0);
                },
                "shutdown"));
    drained.await();
    return 0;
  }
}
