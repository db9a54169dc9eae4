package io.multicluster.server.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.admission.PolicyParser;
import io.multicluster.admission.PolicySource;
import io.multicluster.admission.ProtectionPolicy;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ProtectionPolicy objects of the control plane, looked at again and again: there are few, and
 * a list within a second is all that a watch would give. A control plane without the kind has no
 * policies. A policy that can't be understood stays as it was understood last; one that never was
 * is logged and protects nothing.
 */
public final class ControlPlanePolicies implements PolicySource {
  private static final Logger LOG = LoggerFactory.getLogger(ControlPlanePolicies.class);
  private static final String PATH = "/apis/" + PolicyParser.API_VERSION + "/protectionpolicies";
  private static final int MAX_ANSWER = 16 * 1024 * 1024;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final UpstreamClient controlPlane;
  private final PolicyStatus status;
  private final Map<String, String> complaints = new ConcurrentHashMap<>();
  private volatile @Nullable List<ProtectionPolicy> current;

  public ControlPlanePolicies(UpstreamClient controlPlane) {
    this.controlPlane = controlPlane;
    this.status = new PolicyStatus(controlPlane, Clock.systemUTC());
  }

  @Override
  public List<ProtectionPolicy> policies() {
    List<ProtectionPolicy> known = current;
    if (known == null) {
      throw ApiException.unavailable("the protection policies are not known yet", 1);
    }
    return known;
  }

  /** Whether the control plane has told its policies once. */
  public boolean ready() {
    return current != null;
  }

  /**
   * Looks. Blocks; one caller at a time.
   *
   * @throws ApiException if the control plane does not tell: what was known stays
   */
  public void refresh() {
    UpstreamResponse answer =
        controlPlane.call(
            new RequestHead(
                "GET", PATH, "", new DefaultHttp2Headers().set("accept", "application/json")),
            null,
            MAX_ANSWER,
            PATIENCE);
    if (answer.status() == 404) {
      current = List.of();
      return;
    }
    if (answer.status() != 200) {
      throw ApiException.unavailable(
          "the control plane answered " + answer.status() + " to a list of policies", 0);
    }
    try {
      JsonNode items = JSON.readTree(answer.body()).path("items");
      List<ProtectionPolicy> policies = new ArrayList<>();
      for (JsonNode item : items) {
        ProtectionPolicy policy = read(item);
        if (policy != null) {
          policies.add(policy);
        }
      }
      policies.sort(Comparator.comparing(ProtectionPolicy::name));
      current = List.copyOf(policies);
      for (JsonNode item : items) {
        status.tell(item, complaints.getOrDefault(item.at("/metadata/name").asText(), ""));
      }
    } catch (IOException e) {
      throw ApiException.internal("a list of policies can't be read", e);
    }
  }

  private @Nullable ProtectionPolicy read(JsonNode item) {
    String name = item.path("metadata").path("name").asText();
    // Items of a list come with their type or without.
    ObjectNode document = item.deepCopy();
    document.put("apiVersion", PolicyParser.API_VERSION).put("kind", PolicyParser.KIND);
    try {
      ProtectionPolicy policy = PolicyParser.parse(document);
      complaints.remove(name);
      return policy;
    } catch (IllegalArgumentException e) {
      String complaint = String.valueOf(e.getMessage());
      if (!complaint.equals(complaints.put(name, complaint))) {
        LOG.atError().addKeyValue("policy", name).log(complaint);
      }
      List<ProtectionPolicy> before = current;
      return before == null
          ? null
          : before.stream().filter(policy -> policy.name().equals(name)).findFirst().orElse(null);
    }
  }
}
