package io.multicluster.server.cli;

import io.multicluster.certs.CertificateAuthority;
import io.multicluster.certs.ClientCertificates;
import io.multicluster.certs.FileInventory;
import io.multicluster.certs.Inventory;
import io.multicluster.certs.IssuedCertificate;
import io.multicluster.certs.KeyAlgorithm;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.certs.Kubeconfig;
import io.multicluster.server.StateFolder;
import io.multicluster.server.config.ConfigurationException;
import io.multicluster.server.config.ConfigurationFile;
import io.multicluster.server.config.GatewayConfiguration;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** {@code certs …}: the authority for user certificates that lives in the state directory. */
@Command(
    name = "certs",
    mixinStandardHelpOptions = true,
    description = "Certificates of users: issue, list, renew, revoke.",
    subcommands = {
      CertsCommand.Init.class,
      CertsCommand.Issue.class,
      CertsCommand.ListIssued.class,
      CertsCommand.Renew.class,
      CertsCommand.Revoke.class
    },
    synopsisSubcommandLabel = "COMMAND")
final class CertsCommand implements Runnable {
  @CommandLine.Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "A command is missing.");
  }

  /** What all of them need. */
  static final class Common {
    @Option(
        names = "--config",
        required = true,
        paramLabel = "FILE",
        description = "the gateway's configuration")
    private Path config = Path.of("gateway.yaml");

    @CommandLine.Spec(CommandLine.Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    GatewayConfiguration configuration() throws ConfigurationException {
      return ConfigurationFile.read(config);
    }

    StateFolder state() throws ConfigurationException, IOException {
      return StateFolder.of(configuration());
    }

    Inventory inventory() throws ConfigurationException, IOException {
      return new FileInventory(state().inventory());
    }

    ClientCertificates certificates() throws ConfigurationException, IOException {
      StateFolder state = state();
      if (Files.notExists(state.clientAuthorityKey())) {
        throw new IllegalArgumentException(
            "There is no authority in " + state.root() + " yet: run `certs init` first.");
      }
      KeyedCertificate own =
          KeyedCertificate.read(state.clientAuthorityCertificate(), state.clientAuthorityKey());
      return new ClientCertificates(
          new CertificateAuthority(own, Clock.systemUTC()), inventory(), Clock.systemUTC());
    }

    PrintWriter out() {
      return spec.commandLine().getOut();
    }
  }

  /** {@code certs init}. */
  @Command(name = "init", mixinStandardHelpOptions = true, description = "Make the authority.")
  static final class Init implements Callable<Integer> {
    @Mixin private Common common = new Common();

    @Option(names = "--name", defaultValue = "multicluster-apiserver clients")
    private String name = "";

    @Option(names = "--algorithm", defaultValue = "ecdsa-p256", converter = Algorithms.class)
    private KeyAlgorithm algorithm = KeyAlgorithm.ECDSA_P256;

    @Option(names = "--lifetime", defaultValue = "3650d", converter = Lifetimes.class)
    private Duration lifetime = Duration.ZERO;

    @Override
    public Integer call() throws Exception {
      StateFolder state = common.state();
      if (Files.exists(state.clientAuthorityKey())) {
        throw new IllegalArgumentException(
            "There is an authority already: "
                + state.clientAuthorityKey()
                + ". Certificates that it issued would stop working, so it stays.");
      }
      CertificateAuthority.create(name, algorithm, lifetime, Clock.systemUTC())
          .keyedCertificate()
          .write(state.clientAuthorityCertificate(), state.clientAuthorityKey());
      common
          .out()
          .println(
              "The authority is "
                  + state.clientAuthorityCertificate()
                  + "\nThe gateway trusts it from its next start on.");
      return 0;
    }
  }

  /** {@code certs issue}. */
  @Command(
      name = "issue",
      mixinStandardHelpOptions = true,
      description = "Issue a certificate and write a kubeconfig with it.")
  static final class Issue implements Callable<Integer> {
    @Mixin private Common common = new Common();

    @Option(names = "--user", required = true)
    private String user = "";

    @Option(names = "--group", description = "may be given several times")
    private List<String> groups = List.of();

    @Option(names = "--lifetime", defaultValue = "365d", converter = Lifetimes.class)
    private Duration lifetime = Duration.ZERO;

    @Option(names = "--algorithm", defaultValue = "ecdsa-p256", converter = Algorithms.class)
    private KeyAlgorithm algorithm = KeyAlgorithm.ECDSA_P256;

    @Option(names = "--kubeconfig", required = true, paramLabel = "FILE", description = "to write")
    private Path kubeconfig = Path.of("");

    @Option(
        names = "--server",
        paramLabel = "URL",
        description = "how the user reaches the gateway")
    private @Nullable URI server;

    @Option(names = "--cluster", paramLabel = "NAME", description = "only this member")
    private @Nullable String cluster;

    @Override
    public Integer call() throws Exception {
      GatewayConfiguration configuration = common.configuration();
      KeyedCertificate credential = common.certificates().issue(user, groups, lifetime, algorithm);
      Kubeconfig written =
          new Kubeconfig(
              "multicluster",
              server == null ? listening(configuration) : server,
              common.state().servingCertificates(configuration).authorityPem(),
              user,
              credential);
      (cluster == null ? written : written.forCluster(cluster)).write(kubeconfig);
      common
          .out()
          .println(
              kubeconfig
                  + " is for "
                  + user
                  + ", until "
                  + credential.certificate().getNotAfter().toInstant());
      return 0;
    }

    private static URI listening(GatewayConfiguration configuration) {
      String address = configuration.listen().address();
      int port = configuration.listen().port();
      if (port == 0) {
        throw new IllegalArgumentException(
            "The configuration leaves the port open: say with --server how to reach the gateway.");
      }
      boolean any = address.equals("0.0.0.0") || address.equals("::");
      String host = any ? "127.0.0.1" : address;
      return URI.create("https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port);
    }
  }

  /** {@code certs list}. */
  @Command(name = "list", mixinStandardHelpOptions = true, description = "List what was issued.")
  static final class ListIssued implements Callable<Integer> {
    @Mixin private Common common = new Common();

    @Override
    public Integer call() throws Exception {
      Inventory.Contents contents = common.inventory().contents();
      String row = "%-24s %-24s %-42s %-22s %s%n";
      common.out().printf(row, "USER", "GROUPS", "SERIAL", "UNTIL", "STATE");
      Instant now = Instant.now();
      for (IssuedCertificate each : contents.certificates()) {
        common
            .out()
            .printf(
                row,
                each.user(),
                String.join(",", each.groups()),
                each.serialText(),
                each.notAfter(),
                contents.revoked(each)
                    ? "revoked"
                    : each.notAfter().isBefore(now) ? "expired" : "valid");
      }
      return 0;
    }
  }

  /** {@code certs renew}. */
  @Command(
      name = "renew",
      mixinStandardHelpOptions = true,
      description = "Put a new certificate of the same user and groups into a kubeconfig.")
  static final class Renew implements Callable<Integer> {
    @Mixin private Common common = new Common();

    @Option(names = "--kubeconfig", required = true, paramLabel = "FILE")
    private Path kubeconfig = Path.of("");

    @Option(names = "--lifetime", defaultValue = "365d", converter = Lifetimes.class)
    private Duration lifetime = Duration.ZERO;

    @Override
    public Integer call() throws Exception {
      X509Certificate old = Kubeconfig.certificate(kubeconfig);
      IssuedCertificate entry = common.inventory().contents().find(old.getSerialNumber());
      if (entry == null) {
        throw new IllegalArgumentException(
            "The certificate in " + kubeconfig + " was not issued here.");
      }
      if (common.inventory().contents().revoked(entry)) {
        throw new IllegalArgumentException(
            "The certificate in "
                + kubeconfig
                + " is revoked: issue a new one if "
                + entry.user()
                + " is to come in again.");
      }
      KeyedCertificate renewed =
          common
              .certificates()
              .issue(entry.user(), entry.groups(), lifetime, KeyAlgorithm.ECDSA_P256);
      Kubeconfig.replaceCredential(kubeconfig, renewed);
      common
          .out()
          .println(
              kubeconfig
                  + " is for "
                  + entry.user()
                  + ", until "
                  + renewed.certificate().getNotAfter().toInstant());
      return 0;
    }
  }

  /** {@code certs revoke}. */
  @Command(
      name = "revoke",
      mixinStandardHelpOptions = true,
      description = "Make certificates stop working.")
  static final class Revoke implements Callable<Integer> {
    @Mixin private Common common = new Common();

    @ArgGroup(multiplicity = "1")
    private Which which = new Which();

    /** One of the two. */
    static final class Which {
      @Option(names = "--user", description = "everything issued to this user so far")
      private @Nullable String user;

      @Option(names = "--serial", description = "one certificate, as `certs list` shows it")
      private @Nullable String serial;
    }

    @Override
    public Integer call() throws Exception {
      if (which.user != null) {
        common.certificates().revokeUser(which.user);
        common.out().println("All certificates of " + which.user + " are revoked.");
        return 0;
      }
      for (IssuedCertificate each : common.inventory().contents().certificates()) {
        if (each.serialText().equals(which.serial)) {
          common.certificates().revoke(each);
          common
              .out()
              .println("Certificate " + which.serial + " of " + each.user() + " is revoked.");
          return 0;
        }
      }
      throw new IllegalArgumentException(
          "No certificate with serial number " + which.serial + " was issued here.");
    }
  }

  /** {@code 365d}, {@code 12h}, {@code 30m}. */
  static final class Lifetimes implements CommandLine.ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      try {
        long count = Long.parseLong(text.substring(0, Math.max(0, text.length() - 1)));
        return switch (text.charAt(text.length() - 1)) {
          case 'd' -> Duration.ofDays(count);
          case 'h' -> Duration.ofHours(count);
          case 'm' -> Duration.ofMinutes(count);
          default -> throw wrong(text);
        };
      } catch (NumberFormatException | StringIndexOutOfBoundsException e) {
        throw wrong(text);
      }
    }

    private static CommandLine.TypeConversionException wrong(String text) {
      return new CommandLine.TypeConversionException(
          "\"" + text + "\" is no lifetime: write 365d, 12h or 30m");
    }
  }

  /** The algorithms by their own names. */
  static final class Algorithms implements CommandLine.ITypeConverter<KeyAlgorithm> {
    @Override
    public KeyAlgorithm convert(String text) {
      for (KeyAlgorithm each : KeyAlgorithm.values()) {
        if (each.toString().equals(text)) {
          return each;
        }
      }
      throw new CommandLine.TypeConversionException(
          "\"" + text + "\" is none of " + List.of(KeyAlgorithm.values()));
    }
  }
}
