package io.multicluster.server;

import io.multicluster.certs.ServingCertificates;
import io.multicluster.server.audit.LogSettings;
import io.multicluster.server.config.GatewayConfiguration;
import io.multicluster.server.config.GatewayConfiguration.AuditFile;
import io.multicluster.server.config.GatewayConfiguration.Authority;
import io.multicluster.server.config.GatewayConfiguration.Serving;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What is where in the state directory. Commands and the running gateway share it.
 *
 * @param root absolute
 */
public record StateFolder(Path root) {

  /** The folder of a configuration, made if it is missing, for its owner only. */
  public static StateFolder of(GatewayConfiguration configuration) throws IOException {
    Path root = configuration.stateDirectory();
    if (Files.notExists(root)) {
      Files.createDirectories(
          root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    return new StateFolder(root);
  }

  /** The authority that {@code certs init} makes where the configuration names none. */
  public Path clientAuthorityCertificate() {
    return root.resolve("client-ca/ca.crt");
  }

  public Path clientAuthorityKey() {
    return root.resolve("client-ca/ca.key");
  }

  /** The certificate of the authority that issues user certificates, if there is one. */
  Path clientAuthorityCertificate(GatewayConfiguration configuration) {
    Authority authority = configuration.certificates().authority();
    return authority == null ? clientAuthorityCertificate() : authority.certificateFile();
  }

  Path clientAuthorityKey(GatewayConfiguration configuration) {
    Authority authority = configuration.certificates().authority();
    return authority == null ? clientAuthorityKey() : authority.keyFile();
  }

  /** Whose certificates are users: the configured authorities, and our own if there is one. */
  List<Path> clientAuthorities(GatewayConfiguration configuration) {
    List<Path> files = new ArrayList<>(configuration.authentication().clientCaFiles());
    Path own = clientAuthorityCertificate(configuration);
    if (Files.exists(own) && !files.contains(own)) {
      files.add(own);
    }
    return files;
  }

  /** What the cache goes on from after a restart. */
  Path cache() {
    return root.resolve("cache");
  }

  /** What was issued and revoked. */
  public Path inventory() {
    return root.resolve("client-ca/inventory");
  }

  /** While it is there, only the groups that it names are served. */
  Path emergencyFile() {
    return root.resolve("serve-only-groups");
  }

  /** Where the audit log is and how much of it is kept. */
  LogSettings auditLog(GatewayConfiguration configuration) {
    AuditFile log = configuration.audit().log();
    Path file = log.path();
    return new LogSettings(
        file == null ? root.resolve("audit/audit.log") : file,
        log.maxSizeMegabytes() * 1024L * 1024,
        log.maxBackups(),
        Duration.ofDays(log.maxAgeDays()),
        LogSettings.RESERVE);
  }

  /**
   * The certificate that clients see: the configured one, else one of our own making that stays the
   * same over restarts.
   *
   * @throws IllegalArgumentException if the files can't be used; the message names them
   */
  public ServingCertificates servingCertificates(GatewayConfiguration configuration)
      throws IOException {
    Serving serving = configuration.serving();
    if (serving != null) {
      return ServingCertificates.fromFiles(serving.certificateFile(), serving.keyFile());
    }
    Set<String> hosts = new LinkedHashSet<>(Set.of("localhost", "127.0.0.1"));
    String address = configuration.listen().address();
    if (!address.equals("0.0.0.0") && !address.equals("::")) {
      hosts.add(address);
    }
    return ServingCertificates.selfSigned(root.resolve("serving"), hosts, Clock.systemUTC());
  }
}
