package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** What every new cluster has: system namespaces, and the roles that everybody relies on. */
final class Bootstrap {
  private Bootstrap() {}

  /** Objects in the order in which they are created. */
  static List<ObjectNode> objects() {
    try (InputStream in =
        Objects.requireNonNull(Bootstrap.class.getResourceAsStream("bootstrap.yaml"))) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return List.of(text.split("(?m)^---$", -1)).stream()
          .map(document -> parse(document.getBytes(StandardCharsets.UTF_8)))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ObjectNode parse(byte[] document) {
    try {
      return Json.requireObject(Json.parseYaml(document), "bootstrap.yaml");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
