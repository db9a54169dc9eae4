package io.multicluster.server.flowcontrol;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.server.flowcontrol.FlowSchema.Distinguisher;
import io.multicluster.server.flowcontrol.FlowSchema.NonResourceRule;
import io.multicluster.server.flowcontrol.FlowSchema.ResourceRule;
import io.multicluster.server.flowcontrol.FlowSchema.Rule;
import io.multicluster.server.flowcontrol.FlowSchema.Subject;
import io.multicluster.server.flowcontrol.PriorityLevel.Queuing;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;

/** Reads the objects of {@code flowcontrol.apiserver.k8s.io/v1}. */
final class FlowObjects {
  private FlowObjects() {}

  /**
   * @param schemas a list of FlowSchemas
   * @param levels a list of PriorityLevelConfigurations
   * @throws IllegalArgumentException if an object makes no sense; the message names it
   */
  static FlowConfiguration read(JsonNode schemas, JsonNode levels) {
    List<FlowSchema> readSchemas = new ArrayList<>();
    schemas.path("items").forEach(item -> readSchemas.add(schema(item)));
    List<PriorityLevel> readLevels = new ArrayList<>();
    levels.path("items").forEach(item -> readLevels.add(level(item)));
    return FlowConfiguration.of(readSchemas, readLevels);
  }

  private static FlowSchema schema(JsonNode object) {
    JsonNode spec = object.path("spec");
    List<Rule> rules = new ArrayList<>();
    spec.path("rules").forEach(rule -> rules.add(rule(rule)));
    return new FlowSchema(
        object.at("/metadata/name").asText(),
        AsciiString.of(object.at("/metadata/uid").asText()),
        spec.path("matchingPrecedence").asInt(1000),
        spec.at("/priorityLevelConfiguration/name").asText(),
        switch (spec.at("/distinguisherMethod/type").asText()) {
          case "ByUser" -> Distinguisher.BY_USER;
          case "ByNamespace" -> Distinguisher.BY_NAMESPACE;
          default -> Distinguisher.NONE;
        },
        rules);
  }

  private static Rule rule(JsonNode rule) {
    List<Subject> subjects = new ArrayList<>();
    for (JsonNode subject : rule.path("subjects")) {
      switch (subject.path("kind").asText()) {
        case "User" -> subjects.add(new Subject.User(subject.at("/user/name").asText()));
        case "Group" -> subjects.add(new Subject.Group(subject.at("/group/name").asText()));
        case "ServiceAccount" ->
            subjects.add(
                new Subject.ServiceAccount(
                    subject.at("/serviceAccount/namespace").asText(),
                    subject.at("/serviceAccount/name").asText()));
        default -> {}
      }
    }
    List<ResourceRule> resources = new ArrayList<>();
    for (JsonNode resource : rule.path("resourceRules")) {
      resources.add(
          new ResourceRule(
              strings(resource, "verbs"),
              strings(resource, "apiGroups"),
              strings(resource, "resources"),
              resource.path("clusterScope").asBoolean(),
              strings(resource, "namespaces")));
    }
    List<NonResourceRule> paths = new ArrayList<>();
    for (JsonNode path : rule.path("nonResourceRules")) {
      paths.add(new NonResourceRule(strings(path, "verbs"), strings(path, "nonResourceURLs")));
    }
    return new Rule(subjects, resources, paths);
  }

  private static PriorityLevel level(JsonNode object) {
    String name = object.at("/metadata/name").asText();
    JsonNode spec = object.path("spec");
    boolean exempt = spec.path("type").asText().equals("Exempt");
    JsonNode limited = spec.path(exempt ? "exempt" : "limited");
    JsonNode response = limited.path("limitResponse");
    JsonNode queuing = response.path("queuing");
    JsonNode borrowing = limited.path("borrowingLimitPercent");
    try {
      return new PriorityLevel(
          name,
          AsciiString.of(object.at("/metadata/uid").asText()),
          exempt,
          limited.path("nominalConcurrencyShares").asInt(exempt ? 0 : 30),
          limited.path("lendablePercent").asInt(0),
          borrowing.isInt() ? Integer.valueOf(borrowing.asInt()) : null,
          response.path("type").asText().equals("Queue")
              ? new Queuing(
                  queuing.path("queues").asInt(64),
                  queuing.path("handSize").asInt(8),
                  queuing.path("queueLengthLimit").asInt(50))
              : null);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "PriorityLevelConfiguration " + name + ": " + e.getMessage(), e);
    }
  }

  private static List<String> strings(JsonNode object, String member) {
    List<String> values = new ArrayList<>();
    object.path(member).forEach(value -> values.add(value.asText()));
    return values;
  }
}
