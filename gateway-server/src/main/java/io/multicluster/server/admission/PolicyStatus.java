package io.multicluster.server.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.admission.PolicyParser;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the authors of policies, in the status of each object, whether it is in force. Written only
 * where it says something new, so several gateways do not write over one another.
 */
final class PolicyStatus {
  private static final Logger LOG = LoggerFactory.getLogger(PolicyStatus.class);
  private static final int MAX_ANSWER = 2 * 1024 * 1024;
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final UpstreamClient controlPlane;
  private final Clock clock;

  PolicyStatus(UpstreamClient controlPlane, Clock clock) {
    this.controlPlane = controlPlane;
    this.clock = clock;
  }

  /**
   * Blocks. What can't be written is logged and left for the next time.
   *
   * @param policy as the control plane has it
   * @param problem why it can't be understood; empty if it is in force
   */
  void tell(JsonNode policy, String problem) {
    String status = problem.isEmpty() ? "True" : "False";
    long generation = policy.at("/metadata/generation").asLong();
    JsonNode told = ready(policy);
    if (policy.at("/status/observedGeneration").asLong(-1) == generation
        && told.path("status").asText().equals(status)) {
      return;
    }
    ObjectNode condition = JsonNodeFactory.instance.objectNode();
    condition
        .put("type", "Ready")
        .put("status", status)
        .put("reason", problem.isEmpty() ? "InForce" : "NotUnderstood")
        .put("message", problem.isEmpty() ? "changes are judged by it" : problem)
        .put("observedGeneration", generation)
        .put(
            "lastTransitionTime",
            told.path("status").asText().equals(status)
                ? told.path("lastTransitionTime").asText()
                : clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
    ObjectNode patch = JsonNodeFactory.instance.objectNode();
    patch
        .putObject("metadata")
        .put("resourceVersion", policy.at("/metadata/resourceVersion").asText());
    patch
        .putObject("status")
        .put("observedGeneration", generation)
        .putArray("conditions")
        .add(condition);
    write(policy.at("/metadata/name").asText(), patch);
  }

  private static JsonNode ready(JsonNode policy) {
    for (JsonNode condition : policy.at("/status/conditions")) {
      if (condition.path("type").asText().equals("Ready")) {
        return condition;
      }
    }
    return JsonNodeFactory.instance.missingNode();
  }

  private void write(String name, ObjectNode patch) {
    String reason;
    try {
      UpstreamResponse answer =
          controlPlane.call(
              new RequestHead(
                  "PATCH",
                  "/apis/" + PolicyParser.API_VERSION + "/protectionpolicies/" + name + "/status",
                  "fieldManager=multicluster-apiserver",
                  new DefaultHttp2Headers()
                      .set("accept", "application/json")
                      .set("content-type", "application/merge-patch+json")),
              patch.toString().getBytes(StandardCharsets.UTF_8),
              MAX_ANSWER,
              PATIENCE);
      // 404, 409: it is gone or another by now, which the next look shows.
      if (answer.status() / 100 == 2 || answer.status() == 404 || answer.status() == 409) {
        return;
      }
      reason = "the control plane answered " + answer.status();
    } catch (ApiException e) {
      reason = e.status().message();
    }
    LOG.atDebug()
        .addKeyValue("policy", name)
        .addKeyValue("reason", reason)
        .log("The status of a policy can't be written");
  }
}
