package io.multicluster.wire.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares with every object of Kubernetes' own test data, of this and of earlier releases. They
 * are not part of this repository: they are read from Go's module cache, if the module is there.
 */
class GoldenFilesTest {
  private final LongAdder unknownFields = new LongAdder();
  private final JsonTranscoder transcoder = new JsonTranscoder(unknownFields);

  @ParameterizedTest
  @ValueSource(strings = {"HEAD", "v1.35.0", "v1.34.0", "v1.33.0"})
  void everyKindIsWrittenAsKubernetesDoes(String release) throws IOException {
    Path folder = testdata().resolve(release);
    assumeTrue(
        Files.isDirectory(folder),
        folder + " is missing; `go mod download` in kube-wire/generator brings it");
    List<Path> bodies;
    try (Stream<Path> files = Files.list(folder)) {
      bodies = files.filter(file -> file.toString().endsWith(".pb")).sorted().toList();
    }
    List<String> different = new ArrayList<>();
    int equal = 0;
    for (Path file : bodies) {
      String type = file.getFileName().toString().replaceFirst("\\.pb$", "");
      if (type.endsWith(".after_roundtrip")) {
        continue;
      }
      Path json = folder.resolve(type + ".after_roundtrip.json");
      if (!Files.exists(json)) {
        json = folder.resolve(type + ".json");
      }
      String actual = json(Files.readAllBytes(file));
      if (actual == null) {
        continue;
      }
      if (type.endsWith(".StatefulSet")) {
        actual = withoutKindOfClaims(actual);
      }
      if (actual.equals(Files.readString(json))) {
        equal++;
      } else {
        different.add(type);
      }
    }
    assertThat(different).isEmpty();
    assertThat(equal).isGreaterThan(150);
  }

  /**
   * API servers fill kind and apiVersion of volumeClaimTemplates in; the test data, made without a
   * server, lack them.
   */
  private static String withoutKindOfClaims(String json) {
    return json.replaceFirst(
        "\\s+\"kind\": \"PersistentVolumeClaim\",\\s+\"apiVersion\": \"v1\",", "");
  }

  /** Null if the kind is not in the table. */
  private @Nullable String json(byte[] body) {
    Envelope.Content content = Envelope.open(body, 0, body.length);
    JsonKind kind = KubernetesTypes.kind(content.apiVersion(), content.kind());
    if (kind == null) {
      return null;
    }
    ByteBuf compact = Unpooled.buffer();
    try {
      transcoder.plain(kind, body, content.rawStart(), content.rawEnd()).writeObject(compact);
    } catch (MalformedProtoException e) {
      throw new AssertionError(kind.toString(), e);
    }
    ByteBuf indented = Unpooled.buffer();
    new JsonIndenter().indent(compact, indented);
    return indented.toString(StandardCharsets.UTF_8);
  }

  private static Path testdata() {
    String cache = System.getenv("GOMODCACHE");
    Path modules =
        cache == null ? Path.of(System.getProperty("user.home"), "go/pkg/mod") : Path.of(cache);
    String version = KubernetesTypes.version().replaceFirst("^1\\.", "v0.");
    return modules.resolve("k8s.io/api@" + version).resolve("testdata");
  }
}
