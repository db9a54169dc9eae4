package io.multicluster.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubeconfigTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void theCurrentContextChoosesClusterAndUser() throws Exception {
    UpstreamConfig config =
        Kubeconfig.read(
            """
            apiVersion: v1
            kind: Config
            current-context: second
            clusters:
            - {name: a, cluster: {server: "https://a.example"}}
            - {name: b, cluster: {server: "https://b.example:6443/clusters/b", tls-server-name: inner, proxy-url: "http://proxy.example:3128"}}
            users:
            - {name: u, user: {token: t-u}}
            - {name: v, user: {token: t-v}}
            contexts:
            - {name: first, context: {cluster: a, user: u}}
            - {name: second, context: {cluster: b, user: v, namespace: shop}}
            """,
            "test");

    assertThat(config.servers()).hasToString("[https://b.example:6443/clusters/b]");
    assertThat(config.bearerToken()).isEqualTo("t-v");
    assertThat(config.tlsServerName()).isEqualTo("inner");
    assertThat(config.proxy()).hasToString("http://proxy.example:3128");
    assertThat(config.certificateAuthority()).isNull();
    assertThat(config.insecureSkipTlsVerify()).isFalse();
  }

  @Test
  void inlineDataIsDecodedAndWinsOverFiles() throws Exception {
    UpstreamConfig config =
        Kubeconfig.read(
            kubeconfig(
                "certificate-authority: /nowhere, certificate-authority-data: " + base64("the ca"),
                "client-certificate-data: "
                    + base64("chain")
                    + ", client-key-data: "
                    + base64("key")),
            "test");

    assertThat(config.certificateAuthority()).isEqualTo("the ca");
    assertThat(config.clientCertificate())
        .isEqualTo(new UpstreamConfig.ClientCertificate("chain", "key"));
  }

  @Test
  void filesAreRelativeToTheKubeconfigAndATokenFileWins() throws Exception {
    Files.writeString(folder.resolve("ca.crt"), "the ca");
    Files.writeString(folder.resolve("token"), "from-file\n");
    Path file = folder.resolve("kubeconfig");
    Files.writeString(
        file, kubeconfig("certificate-authority: ca.crt", "token: from-text, tokenFile: token"));

    UpstreamConfig config = Kubeconfig.read(file);

    assertThat(config.certificateAuthority()).isEqualTo("the ca");
    assertThat(config.bearerToken()).isEqualTo("from-file");
  }

  @Test
  void whatCannotBeHonouredIsRefusedByName() {
    assertRefused(
        kubeconfig("", "exec: {command: aws}"), "user \"u\" has \"exec\", which is not supported");
    assertRefused(kubeconfig("", "as: root"), "has \"as\", which is not supported");
    assertRefused(kubeconfig("", "username: admin"), "has \"username\"");
    assertRefused(kubeconfig("", "client-certificate-data: " + base64("x")), "belong together");
    assertRefused(
        kubeconfig(
            "insecure-skip-tls-verify: true, certificate-authority-data: " + base64("x"), ""),
        "exclude each other");
    assertRefused(kubeconfig("certificate-authority: ca.crt", ""), "without an absolute path");
    assertRefused(
        kubeconfig("certificate-authority-data: '='", ""),
        "certificate-authority-data is not base64");
  }

  @Test
  void aBrokenFileIsDescribedWithoutItsSecrets() {
    assertRefused("current-context: [", "is not YAML or JSON at line 1");
    assertRefused("{}", "names no current-context");
    assertRefused("current-context: x", "has no entry \"x\" in contexts");
    assertRefused(
        kubeconfig("", "").replace("https://a.example", "http://a.example"), "not an https:// URL");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Kubeconfig.read(kubeconfig("", "token: \"s3 cret\""), "test"))
        .satisfies(e -> assertThat(e).message().contains("bearer token").doesNotContain("s3"));
  }

  @Test
  void aMissingFileIsAnIoErrorThatNamesIt() {
    Assertions.assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> Kubeconfig.read(kubeconfig("", "tokenFile: /no/such/token"), "test"))
        .withMessage("/no/such/token");
  }

  @Test
  void aConfigurationInALogShowsNoSecret() throws Exception {
    UpstreamConfig config =
        Kubeconfig.read(
            kubeconfig(
                "",
                "token: s3cret, client-certificate-data: "
                    + base64("chain")
                    + ", client-key-data: "
                    + base64("s3cret")),
            "test");
    assertThat(config).hasToString("UpstreamConfig[https://a.example]");
    assertThat(String.valueOf(config.clientCertificate())).doesNotContain("s3cret");
  }

  private static void assertRefused(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Kubeconfig.read(text, "test"))
        .withMessageStartingWith("kubeconfig test: ")
        .withMessageContaining(message);
  }

  private static String kubeconfig(String cluster, String user) {
    return """
    current-context: c
    contexts: [{name: c, context: {cluster: a, user: u}}]
    clusters: [{name: a, cluster: {server: "https://a.example", %s}}]
    users: [{name: u, user: {%s}}]
    """
        .formatted(cluster, user);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
