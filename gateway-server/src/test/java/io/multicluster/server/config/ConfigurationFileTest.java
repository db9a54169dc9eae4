package io.multicluster.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.server.config.GatewayConfiguration.Logging.Format;
import io.multicluster.server.config.GatewayConfiguration.Logging.Level;
import io.multicluster.wire.resource.GroupResource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigurationFileTest {
  private static final String HEAD =
      "apiVersion: multicluster.io/v1alpha1\nkind: GatewayConfiguration\n";
  private static final String MINIMAL = HEAD + "controlPlane: {kubeconfig: cp.kubeconfig}\n";

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("gateway.yaml");
  }

  @Test
  void readsEveryKeyOfTheDocumentedForm() throws Exception {
    GatewayConfiguration configuration =
        read(
            HEAD
                + """
                listen: {address: 0.0.0.0, port: 8443, maxConnections: 10}
                serving: {certificateFile: tls.crt, keyFile: /etc/tls.key}
                stateDirectory: var/state
                authentication:
                  clientCAFiles: [clients-ca.crt]
                controlPlane: {name: control, kubeconfig: control-plane.kubeconfig}
                members:
                  fromControlPlane: true
                  static:
                    - {name: test1, kubeconfig: test1.kubeconfig}
                resources:
                  cached: [pods]
                  federated: [configmaps, clonesets.apps.kruise.io]
                logging: {format: json, level: debug}
                """);

    assertThat(configuration.listen())
        .isEqualTo(new GatewayConfiguration.Listen("0.0.0.0", 8443, 10));
    assertThat(Objects.requireNonNull(configuration.serving()).certificateFile())
        .isEqualTo(folder.resolve("tls.crt"));
    assertThat(configuration.serving().keyFile()).isEqualTo(Path.of("/etc/tls.key"));
    assertThat(configuration.stateDirectory()).isEqualTo(folder.resolve("var/state"));
    assertThat(configuration.authentication().clientCaFiles())
        .containsExactly(folder.resolve("clients-ca.crt"));
    assertThat(configuration.controlPlane().name()).isEqualTo("control");
    assertThat(configuration.members().fromControlPlane()).isTrue();
    assertThat(configuration.members().fixed().getFirst().name()).isEqualTo("test1");
    assertThat(configuration.resources().federatedResources())
        .containsExactlyInAnyOrder(
            new GroupResource("", "configmaps"), new GroupResource("apps.kruise.io", "clonesets"));
    assertThat(configuration.logging().format()).isEqualTo(Format.json);
  }

  @Test
  void statesAllDefaults() throws Exception {
    assertThat(read(MINIMAL))
        .isEqualTo(
            new GatewayConfiguration(
                "multicluster.io/v1alpha1",
                "GatewayConfiguration",
                new GatewayConfiguration.Listen("127.0.0.1", 6443, 20_000),
                null,
                folder.resolve("state"),
                new GatewayConfiguration.Authentication(
                    java.util.List.of(), null, null, null, null, null),
                new GatewayConfiguration.Authorization(
                    GatewayConfiguration.Authorization.Mode.rbac),
                new GatewayConfiguration.Certificates(
                    null,
                    GatewayConfiguration.Certificates.Inventory.controlPlane,
                    "multicluster-system",
                    "multicluster.io/client"),
                new GatewayConfiguration.ControlPlane(
                    "federation", folder.resolve("cp.kubeconfig"), java.util.List.of()),
                new GatewayConfiguration.Members(false, java.util.List.of()),
                new GatewayConfiguration.Resources(
                    java.util.List.of("pods", "events", "events.events.k8s.io"),
                    java.util.List.of(),
                    java.util.List.of(),
                    true),
                new GatewayConfiguration.Audit(
                    null, 256, new GatewayConfiguration.AuditFile(null, 100, 100, 366), null),
                new GatewayConfiguration.Admission(
                    java.util.List.of(),
                    java.util.List.of(),
                    java.util.List.of(),
                    java.util.List.of(),
                    java.util.List.of()),
                new GatewayConfiguration.FlowControl(true, 600, 5000),
                new GatewayConfiguration.Logging(Format.text, Level.info)));
  }

  @Test
  void namesThePlaceOfAnUnknownKeyAndTheKnownOnes() {
    assertWrong(MINIMAL + "listen:\n  adress: 1.2.3.4\n")
        .hasMessage(
            file + ":5:3: unknown key \"adress\"; known here: address, maxConnections, port");
    assertWrong(MINIMAL + "member: {}\n").hasMessageStartingWith(file + ":4:1: unknown key");
  }

  @Test
  void namesThePlaceOfAWrongValue() {
    assertWrong(MINIMAL + "listen:\n  address: 0.0.0.0\n  port: 99999\n")
        .hasMessage(
            file + ":6:3: listen.port: 99999 is no port: use 1 to 65535, or 0 for a free one");
    assertWrong(MINIMAL + "listen: {port: many}\n")
        .hasMessage(file + ":4:10: listen.port: \"many\" is not a whole number");
    assertWrong(MINIMAL + "logging: {level: loud}\n")
        .hasMessage(
            file + ":4:11: logging.level: \"loud\" is not one of [error, warn, info, debug]");
    assertWrong(MINIMAL + "authorization: {mode: AlwaysAllow}\n")
        .hasMessage(
            file
                + ":4:17: authorization.mode: \"AlwaysAllow\" is not one of"
                + " [rbac, rbacThenReview, review]");
    assertWrong(
            MINIMAL
                + "members:\n"
                + "  static:\n"
                + "  - {name: a, kubeconfig: a}\n"
                + "  - {name: B_b, kubeconfig: b}\n")
        .hasMessageStartingWith(file + ":7:6: members.static[1].name: \"B_b\" is no cluster name");
    assertWrong(MINIMAL + "resources: {cached: [Pods]}\n")
        .hasMessageStartingWith(file + ":4:13: resources.cached: \"Pods\" is no resource");
  }

  @Test
  void readsHowUsersAreKnown() throws Exception {
    GatewayConfiguration configuration =
        read(
            MINIMAL
                + """
                authentication:
                  requestHeader: {clientCAFiles: [front-ca.crt], allowedNames: [front]}
                  tokenFile: tokens.csv
                  tokenReview: {audiences: [gateway]}
                  configurationFile: authentication.yaml
                  anonymous: {paths: []}
                certificates: {inventory: file, authority: {certificateFile: a.crt, keyFile: a.key}}
                """);

    GatewayConfiguration.Authentication authentication = configuration.authentication();
    assertThat(authentication.requestHeader())
        .isEqualTo(
            new GatewayConfiguration.RequestHeader(
                java.util.List.of(folder.resolve("front-ca.crt")),
                java.util.List.of("front"),
                java.util.List.of("X-Remote-User"),
                java.util.List.of("X-Remote-Uid"),
                java.util.List.of("X-Remote-Group"),
                java.util.List.of("X-Remote-Extra-")));
    assertThat(authentication.tokenFile()).isEqualTo(folder.resolve("tokens.csv"));
    assertThat(authentication.tokenReview())
        .isEqualTo(new GatewayConfiguration.TokenReview(java.util.List.of("gateway")));
    assertThat(authentication.anonymous())
        .isEqualTo(new GatewayConfiguration.Anonymous(true, java.util.List.of()));
    assertThat(configuration.certificates().authority())
        .isEqualTo(
            new GatewayConfiguration.Authority(folder.resolve("a.crt"), folder.resolve("a.key")));
    assertThat(authentication.configurationFile()).isEqualTo(folder.resolve("authentication.yaml"));
  }

  @Test
  void namesThePlaceOfAWrongWayToKnowUsers() {
    assertWrong(MINIMAL + "authentication:\n  requestHeader: {allowedNames: [a]}\n")
        .hasMessage(file + ":5:3: authentication.requestHeader.clientCAFiles: is missing");
    assertWrong(
            MINIMAL
                + "authentication: {requestHeader: {clientCAFiles: [a], groupHeaders: [\"a"
                + " b\"]}}\n")
        .hasMessageContaining("authentication.requestHeader.groupHeaders: \"a b\" is no name");
    assertWrong(MINIMAL + "authentication: {anonymous: {paths: [healthz]}}\n")
        .hasMessageContaining("authentication.anonymous.paths: \"healthz\" does not begin with /");
    assertWrong(MINIMAL + "certificates: {signerName: client}\n")
        .hasMessageContaining("certificates.signerName: \"client\" is no name of a signer");
    assertWrong(MINIMAL + "certificates: {namespace: Sys_tem}\n")
        .hasMessageContaining("certificates.namespace: \"Sys_tem\" is no name of a namespace");
  }

  @Test
  void namesWhatIsMissing() {
    assertWrong(HEAD).hasMessage(file + ":1:1: controlPlane: is missing");
    assertWrong(MINIMAL + "serving: {keyFile: x}\n")
        .hasMessage(file + ":4:1: serving.certificateFile: is missing");
    assertWrong("kind: GatewayConfiguration\n")
        .hasMessage(file + ":1:1: apiVersion: must be multicluster.io/v1alpha1");
    assertWrong("").hasMessage(file + ": the file is empty");
  }

  @Test
  void refusesWhatContradictsItself() {
    assertWrong(MINIMAL + "resources: {cached: [pods], federated: [pods]}\n")
        .hasMessageContaining("pods is cached already");
    assertWrong(
            MINIMAL + "members: {static: [{name: a, kubeconfig: a}, {name: a, kubeconfig: b}]}\n")
        .hasMessageContaining("two members named a");
    assertWrong(MINIMAL + "members: {static: [{name: federation, kubeconfig: a}]}\n")
        .hasMessageContaining("could not tell them apart");
    assertWrong(MINIMAL + "listen: {port: 1}\nlisten: {port: 2}\n")
        .hasMessageStartingWith(file + ":5:")
        .hasMessageContaining("listen");
  }

  @Test
  void saysSoIfTheFileIsNotYaml() {
    assertWrong(MINIMAL + "listen: {port: 1\n").hasMessageStartingWith(file + ":");
  }

  @Test
  void saysSoIfThereIsNoFile() {
    assertThatThrownBy(() -> ConfigurationFile.read(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(file + ": there is no such file");
  }

  private org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertWrong(
      String text) {
    return assertThatThrownBy(() -> read(text)).isInstanceOf(ConfigurationException.class);
  }

  private GatewayConfiguration read(String text) throws ConfigurationException, IOException {
    Files.writeString(file, text);
    return ConfigurationFile.read(file);
  }
}
