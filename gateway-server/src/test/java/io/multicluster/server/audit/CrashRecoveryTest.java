package io.multicluster.server.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.wire.status.ApiException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class CrashRecoveryTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RECEIVED = "2026-06-02T09:00:00.123456Z";

  @TempDir private Path folder;

  @Test
  void findsTheChangesWithoutOutcomeInTheLogAndInWhatWasSetAsideJustBefore() throws Exception {
    Files.writeString(
        folder.resolve("audit-2026-06-02T08-59-59.000.log"),
        event("set-aside", "RequestReceived", "patch") + event("both", "RequestReceived", "patch"));
    Files.writeString(
        log(),
        event("both", "ResponseComplete", "patch")
            + event("done", "RequestReceived", "create")
            + event("done", "ResponseComplete", "create")
            + event("session", "RequestReceived", "create")
            + event("session", "ResponseStarted", "create")
            + event("read", "RequestReceived", "list")
            + event("open", "RequestReceived", "delete")
            + "{\"kind\":\"Event\",\"auditID\":\"torn\",\"stage\":\"RequestRec");

    assertThat(OpenIntents.find(log()))
        .extracting(intent -> intent.path("auditID").asText())
        .containsExactly("set-aside", "open");
    assertThat(OpenIntents.find(folder.resolve("none/audit.log"))).isEmpty();
  }

  @Test
  void doesNotCountALineThatACrashCutOff() throws Exception {
    String open = event("open", "RequestReceived", "delete");
    String outcome =
        event("open", "ResponseComplete", "delete")
            .replace("\"}\n", "\",\"annotations\":{\"total\":\"250µs\"}}\n");
    byte[] whole = (open + outcome).getBytes(UTF_8);
    int start = open.getBytes(UTF_8).length;

    for (int end = start; end < whole.length; end++) {
      Files.write(log(), Arrays.copyOf(whole, end));
      assertThat(OpenIntents.find(log())).as("%s bytes", end).hasSize(1);
    }
    Files.write(log(), whole);
    assertThat(OpenIntents.find(log())).isEmpty();
  }

  @Test
  void recordsWhatItSeesAndClaimsOnlyWhatThatProves() throws Exception {
    Files.writeString(log(), event("gone", "RequestReceived", "delete"));
    JsonNode gone = resolve(_ -> null);
    assertThat(annotation(gone, "outcome")).isEqualTo("unknown");
    assertThat(annotation(gone, "observed")).isEqualTo("the object does not exist");
    assertThat(annotation(gone, "recovered")).isEqualTo("true");
    assertThat(gone.path("stage").asText()).isEqualTo("ResponseComplete");
    assertThat(gone.has("responseStatus")).isFalse();

    assertThat(annotation(resolve(_ -> object("2026-06-01T09:00:00Z", "")), "outcome"))
        .as("an old object that is still there was not deleted")
        .isEqualTo("not-made");
    assertThat(annotation(resolve(_ -> object("2026-06-02T08:58:00Z", "")), "outcome"))
        .as("within what clocks may differ it may be another one")
        .isEqualTo("unknown");
    assertThat(
            annotation(
                resolve(_ -> object("2026-06-01T09:00:00Z", "2026-06-02T09:00:00Z")), "outcome"))
        .as("it is being deleted")
        .isEqualTo("unknown");
  }

  @Test
  void asksForTheObjectItselfAndAgainIfThatFails() throws Exception {
    Files.writeString(
        log(),
        event("scale", "RequestReceived", "patch")
            .replace("/one?x=y", "/one/scale?x=y")
            .replace("\"name\":\"one\"", "\"name\":\"one\",\"subresource\":\"scale\""));
    List<String> asked = new ArrayList<>();
    JsonNode outcome =
        resolve(path -> {
          asked.add(path);
          if (asked.size() < 3) {
            throw ApiException.unavailable("not there yet", 0);
          }
          return null;
        });
    assertThat(asked).hasSize(3).containsOnly("/api/v1/namespaces/shop/configmaps/one");
    assertThat(annotation(outcome, "outcome")).isEqualTo("unknown");
    assertThat(
            annotation(
                resolve(_ -> {
                  throw ApiException.badRequest("no");
                }),
                "observed"))
        .isEqualTo("the object could not be looked at: no");
  }

  @Test
  void leavesNothingOpenBehind() throws Exception {
    Files.writeString(log(), event("open", "RequestReceived", "delete"));
    JsonNode outcome = resolve(_ -> null);
    Files.writeString(log(), Files.readString(log()) + JSON.writeValueAsString(outcome) + "\n");
    assertThat(OpenIntents.find(log())).isEmpty();
  }

  private JsonNode resolve(ObjectLookup lookup) throws Exception {
    List<byte[]> lines = new ArrayList<>();
    try (CrashRecovery recovery =
        CrashRecovery.scan(new LogSettings(log(), 1 << 20, 0, Duration.ZERO, 0))) {
      recovery.resolve(
          (line, urgency) -> {
            assertThat(urgency).isEqualTo(Urgency.OUTCOME);
            lines.add(line);
            return CompletableFuture.completedFuture(null);
          },
          lookup,
          Duration.ZERO);
    }
    assertThat(lines).hasSize(1);
    return JSON.readTree(lines.getFirst());
  }

  private Path log() {
    return folder.resolve("audit.log");
  }

  private static String annotation(JsonNode event, String name) {
    return event.path("annotations").path("audit.multicluster.io/" + name).asText();
  }

  private static JsonNode object(String created, String deleting) {
    try {
      return JSON.readTree(
          "{\"metadata\":{\"uid\":\"u\",\"resourceVersion\":\"7\",\"creationTimestamp\":\""
              + created
              + "\""
              + (deleting.isEmpty() ? "" : ",\"deletionTimestamp\":\"" + deleting + "\"")
              + "}}");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String event(String id, String stage, String verb) {
    return "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"auditID\":\""
        + id
        + "\",\"stage\":\""
        + stage
        + "\",\"requestURI\":\"/api/v1/namespaces/shop/configmaps/one?x=y\",\"verb\":\""
        + verb
        + "\",\"user\":{},\"objectRef\":{\"resource\":\"configmaps\",\"namespace\":\"shop\",\"name\":\"one\","
        + "\"apiVersion\":\"v1\"},\"requestReceivedTimestamp\":\""
        + RECEIVED
        + "\",\"stageTimestamp\":\""
        + RECEIVED
        + "\"}\n";
  }
}
