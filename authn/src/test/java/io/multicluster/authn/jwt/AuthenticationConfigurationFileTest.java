package io.multicluster.authn.jwt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthenticationConfigurationFileTest {
  private static final String HEAD =
      "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n";
  private static final String ISSUER =
      HEAD + "jwt:\n- issuer: {url: https://issuer.example, audiences: [a]}\n";

  @TempDir private Path folder;

  @Test
  void readsAnIssuerAndAnonymousPaths() throws IOException {
    AuthenticationConfiguration read =
        read(
            ISSUER
                + "  claimMappings: {username: {claim: sub, prefix: \"\"}}\n"
                + "anonymous: {enabled: true, conditions: [{path: /livez}]}\n");

    assertThat(read.jwt().getFirst().issuer().url()).isEqualTo("https://issuer.example");
    assertThat(read.jwt().getFirst().claimMappings().username().claim()).isEqualTo("sub");
    assertThat(read.anonymous())
        .isEqualTo(
            new AuthenticationConfiguration.Anonymous(
                true,
                java.util.List.of(new AuthenticationConfiguration.Anonymous.Condition("/livez"))));
  }

  @Test
  void namesTheFileAndThePathOfWhatIsWrong() {
    assertRefused(HEAD + "jwts: []\n", "jwts: is not known here");
    assertRefused(ISSUER, "jwt[0].claimMappings: is missing");
    assertRefused(
        ISSUER + "  claimMappings: {username: {claim: sub}}\n",
        "jwt[0].claimMappings.username.prefix: is needed with a claim");
    assertRefused(
        HEAD + "jwt: [{issuer: {url: \"http://issuer.example\", audiences: [a]}}]\n",
        "jwt[0].issuer.url: must be an https URL");
    assertRefused(
        HEAD + "jwt: [{issuer: {url: \"https://issuer.example\", audiences: [a, b]}}]\n",
        "jwt[0].issuer.audienceMatchPolicy: must be MatchAny");
    assertRefused(
        ISSUER + "  claimMappings: {username: {expression: claims.email}}\n",
        "claimMappings.username.expression: uses claims.email");
    assertRefused("kind: AuthenticationConfiguration\n", "apiVersion: must be");
  }

  @Test
  void refusesAnExpressionThatCannotBeCompiled() throws IOException {
    AuthenticationConfiguration read =
        read(ISSUER + "  claimMappings: {username: {expression: \"claims.sub +\"}}\n");

    assertThatThrownBy(() -> new JwtAuthenticator(read.jwt().getFirst(), Clock.systemUTC()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"claims.sub +\" can't be compiled");
  }

  private void assertRefused(String text, String because) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(folder.resolve("authentication.yaml") + ":")
        .hasMessageContaining(because);
  }

  private AuthenticationConfiguration read(String text) throws IOException {
    return AuthenticationConfigurationFile.read(
        Files.writeString(folder.resolve("authentication.yaml"), text));
  }
}
