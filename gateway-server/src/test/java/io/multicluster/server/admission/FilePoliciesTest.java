package io.multicluster.server.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.admission.ProtectionPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FilePoliciesTest {
  private static final String POLICY =
      """
      apiVersion: policy.multicluster.io/v1alpha1
      kind: ProtectionPolicy
      metadata: {name: %s}
      spec: {match: {resources: [pods]}, delete: {mode: %s}}
      """;

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void setUp() {
    file = folder.resolve("policies.yaml");
  }

  @Test
  void readsEveryDocumentOfAFile() throws IOException {
    Files.writeString(
        file, POLICY.formatted("b", "Always") + "---\n" + POLICY.formatted("a", "Cascading"));

    assertThat(new FilePolicies(List.of(file)).policies())
        .extracting(ProtectionPolicy::name)
        .containsExactly("a", "b");
  }

  @Test
  void takesAChangeWithTheNextLook() throws IOException {
    Files.writeString(file, POLICY.formatted("a", "Always"));
    FilePolicies policies = new FilePolicies(List.of(file));

    Files.writeString(file, POLICY.formatted("b", "Always"));
    policies.refresh();

    assertThat(policies.policies()).extracting(ProtectionPolicy::name).containsExactly("b");
  }

  @Test
  void staysWithWhatWasUnderstoodLast() throws IOException {
    Files.writeString(file, POLICY.formatted("a", "Always"));
    FilePolicies policies = new FilePolicies(List.of(file));

    Files.writeString(file, POLICY.formatted("b", "Sometimes"));
    policies.refresh();

    assertThat(policies.policies()).extracting(ProtectionPolicy::name).containsExactly("a");
  }

  @Test
  void namesTheFileThatCanNotBeUnderstoodAtTheStart() throws IOException {
    Files.writeString(file, POLICY.formatted("a", "Sometimes"));

    assertThatThrownBy(() -> new FilePolicies(List.of(file)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(file + ": policy a: spec.delete.mode is to be one of [Always, Cascading]");
  }

  @Test
  void namesTheFileThatIsNoYaml() throws IOException {
    Files.writeString(file, "{");

    assertThatThrownBy(() -> new FilePolicies(List.of(file))).hasMessageContaining(file.toString());
  }
}
