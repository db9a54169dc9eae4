package io.multicluster.server.cli;

import io.multicluster.certs.CertificateAuthority;
import io.multicluster.certs.Inventory;
import io.multicluster.certs.IssuedCertificate;
import io.multicluster.certs.KeyAlgorithm;
import io.multicluster.certs.KeyedCertificate;
import io.multicluster.certs.Kubeconfig;
import io.multicluster.server.StateFolder;
import io.multicluster.server.UserCertificates;
import io.multicluster.server.config.ConfigurationException;
import io.multicluster.server.config.ConfigurationFile;
import io.multicluster.server.config.GatewayConfiguration;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
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
      CertsCommand.Rotate.class,
      CertsCommand.Issue.class,
      CertsCommand.WriteKubeconfig.class,
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

    UserCertificates open() throws ConfigurationException, IOException {
      return UserCertificates.open(configuration());
    }

    void told(Path kubeconfig, String user, KeyedCertificate credential) {
      out()
          .println(
              kubeconfig
                  + " is for "
                  + user
                  + ", until "
                  + credential.certificate().getNotAfter().toInstant());
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
      try (UserCertificates certificates = common.open()) {
        if (certificates.hasAuthority()) {
          throw new IllegalArgumentException(
              "There is an authority already: "
                  + certificates.keyFile()
                  + ". Certificates that it issued would stop working, so it stays;"
                  + " `certs rotate` replaces it in steps.");
        }
        CertificateAuthority.create(name, algorithm, lifetime, Clock.systemUTC())
            .keyedCertificate()
            .write(certificates.certificateFile(), certificates.keyFile());
        common
            .out()
            .println(
                "The authority is "
                    + certificates.certificateFile()
                    + "\nThe gateway trusts it from its next start on.");
        return 0;
      }
    }
  }

  /** {@code certs rotate}. */
  @Command(
      name = "rotate",
      mixinStandardHelpOptions = true,
      description = {
        "Replace the authority. Certificates of those before it go on working",
        "until --forget-former takes them off."
      })
  static final class Rotate implements Callable<Integer> {
    @Mixin private Common common = new Common();

    @Option(names = "--name", defaultValue = "multicluster-apiserver clients")
    private String name = "";

    @Option(names = "--algorithm", defaultValue = "ecdsa-p256", converter = Algorithms.class)
    private KeyAlgorithm algorithm = KeyAlgorithm.ECDSA_P256;

    @Option(names = "--lifetime", defaultValue = "3650d", converter = Lifetimes.class)
    private Duration lifetime = Duration.ZERO;

    @Option(
        names = "--forget-former",
        description = "make no new authority; certificates of former ones stop working")
    private boolean forgetFormer;

    @Override
    public Integer call() throws Exception {
      try (UserCertificates certificates = common.open()) {
        KeyedCertificate now = certificates.authority();
        KeyedCertificate next =
            forgetFormer
                ? new KeyedCertificate(List.of(now.certificate()), now.key())
                : CertificateAuthority.create(name, algorithm, lifetime, Clock.systemUTC())
                    .keyedCertificate()
                    .followedBy(now.chain());
        next.write(certificates.certificateFile(), certificates.keyFile());
        common
            .out()
            .println(
                certificates.certificateFile()
                    + " has "
                    + next.chain().size()
                    + (next.chain().size() == 1 ? " authority" : " authorities")
                    + (forgetFormer
                        ? ". Running gateways drop the others within 10 s."
                        : ". Running gateways trust the new one within 10 s, and sign with it from"
                            + " their next start on."));
        return 0;
      }
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

    @Mixin private Target target = new Target();

    @Override
    public Integer call() throws Exception {
      GatewayConfiguration configuration = common.configuration();
      try (UserCertificates certificates = common.open()) {
        KeyedCertificate credential =
            certificates.issuing().issue(user, groups, lifetime, algorithm);
        target.write(configuration, user, credential);
        common.told(target.kubeconfig, user, credential);
        return 0;
      }
    }
  }

  /** {@code certs kubeconfig}. */
  @Command(
      name = "kubeconfig",
      mixinStandardHelpOptions = true,
      description = {
        "Write a kubeconfig for a certificate that exists: of another kubeconfig,",
        "or signed as a CertificateSigningRequest."
      })
  static final class WriteKubeconfig implements Callable<Integer> {
    @Mixin private Common common = new Common();
    @Mixin private Target target = new Target();

    @ArgGroup(multiplicity = "1")
    private Source source = new Source();

    /** One of the two. */
    static final class Source {
      @Option(names = "--from", paramLabel = "FILE", description = "the user's kubeconfig")
      private @Nullable Path kubeconfig;

      @ArgGroup(exclusive = false, multiplicity = "1")
      private @Nullable Pair pair;
    }

    /** Both. */
    static final class Pair {
      @Option(names = "--certificate", required = true, paramLabel = "FILE", description = "PEM")
      private Path certificate = Path.of("");

      @Option(names = "--key", required = true, paramLabel = "FILE", description = "PEM")
      private Path key = Path.of("");
    }

    @Override
    public Integer call() throws Exception {
      KeyedCertificate credential =
          source.pair != null
              ? KeyedCertificate.read(source.pair.certificate, source.pair.key)
              : Kubeconfig.credential(Objects.requireNonNull(source.kubeconfig));
      String user = credential.commonName();
      target.write(common.configuration(), user, credential);
      common.told(target.kubeconfig, user, credential);
      return 0;
    }
  }

  /** A kubeconfig to write. */
  static final class Target {
    @Option(names = "--kubeconfig", required = true, paramLabel = "FILE", description = "to write")
    private Path kubeconfig = Path.of("");

    @Option(
        names = "--server",
        paramLabel = "URL",
        description = "how the user reaches the gateway")
    private @Nullable URI server;

    @Option(names = "--cluster", paramLabel = "NAME", description = "only this member")
    private @Nullable String cluster;

    void write(GatewayConfiguration configuration, String user, KeyedCertificate credential)
        throws IOException {
      Kubeconfig written =
          new Kubeconfig(
              "multicluster",
              server == null ? listening(configuration) : server,
              StateFolder.of(configuration).servingCertificates(configuration).authorityPem(),
              user,
              credential);
      (cluster == null ? written : written.forCluster(cluster)).write(kubeconfig);
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
      try (UserCertificates certificates = common.open()) {
        print(certificates.inventory().contents());
        return 0;
      }
    }

    private void print(Inventory.Contents contents) {
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
      try (UserCertificates certificates = common.open()) {
        IssuedCertificate entry = entry(certificates.inventory().contents());
        KeyedCertificate renewed =
            certificates
                .issuing()
                .issue(entry.user(), entry.groups(), lifetime, KeyAlgorithm.ECDSA_P256);
        Kubeconfig.replaceCredential(kubeconfig, renewed);
        common.told(kubeconfig, entry.user(), renewed);
        return 0;
      }
    }

    private IssuedCertificate entry(Inventory.Contents contents) {
      X509Certificate old = Kubeconfig.certificate(kubeconfig);
      IssuedCertificate entry = contents.find(old.getSerialNumber());
      if (entry == null) {
        throw new IllegalArgumentException(
            "The certificate in " + kubeconfig + " was not issued here.");
      }
      if (contents.revoked(entry)) {
        throw new IllegalArgumentException(
            "The certificate in "
                + kubeconfig
                + " is revoked: issue a new one if "
                + entry.user()
                + " is to come in again.");
      }
      return entry;
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
      try (UserCertificates certificates = common.open()) {
        if (which.user != null) {
          certificates.inventory().revokeUser(which.user, Instant.now());
          common.out().println("All certificates of " + which.user + " are revoked.");
          return 0;
        }
        IssuedCertificate found = find(certificates.inventory().contents());
        certificates.inventory().revoke(found, Instant.now());
        common
            .out()
            .println("Certificate " + which.serial + " of " + found.user() + " is revoked.");
        return 0;
      }
    }

    private IssuedCertificate find(Inventory.Contents contents) {
      for (IssuedCertificate each : contents.certificates()) {
        if (each.serialText().equals(which.serial)) {
          return each;
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
