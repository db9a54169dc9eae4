package io.multicluster.admission;

import com.fasterxml.jackson.databind.JsonNode;
import io.multicluster.admission.ProtectionPolicy.Action;
import io.multicluster.admission.ProtectionPolicy.DeleteMode;
import io.multicluster.admission.ProtectionPolicy.Exempt;
import io.multicluster.admission.ProtectionPolicy.Match;
import io.multicluster.admission.ProtectionPolicy.ScaleDown;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.selector.LabelSelector.Operator;
import io.multicluster.wire.selector.LabelSelector.Requirement;
import io.multicluster.wire.status.ApiException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads policies, from the control plane or a file. Whatever is not understood is an error: a
 * policy that silently protects less than its author meant is worse than none.
 */
public final class PolicyParser {
  public static final String API_VERSION = "policy.multicluster.io/v1alpha1";
  public static final String KIND = "ProtectionPolicy";

  /** Histories are kept no longer. */
  static final Duration LONGEST_WINDOW = Duration.ofHours(24);

  private static final Pattern WINDOW =
      Pattern.compile("(?:(\\d{1,4})h)?(?:(\\d{1,6})m)?(?:(\\d{1,7})s)?");

  private PolicyParser() {}

  /**
   * @throws IllegalArgumentException naming the policy and the field
   */
  public static ProtectionPolicy parse(JsonNode document) {
    if (!API_VERSION.equals(document.path("apiVersion").asText())
        || !KIND.equals(document.path("kind").asText())) {
      throw new IllegalArgumentException(
          "a policy is of apiVersion " + API_VERSION + " and kind " + KIND);
    }
    String name = document.path("metadata").path("name").asText();
    if (name.isEmpty()) {
      throw new IllegalArgumentException("a policy has no metadata.name");
    }
    return new Reader(name).policy(document.path("spec"));
  }

  private record Reader(String policy) {

    ProtectionPolicy policy(JsonNode spec) {
      fields(spec, "spec", Set.of("match", "delete", "scaleDown", "exempt", "action"));
      DeleteMode delete = spec.has("delete") ? delete(spec.get("delete")) : null;
      ScaleDown scaleDown = spec.has("scaleDown") ? scaleDown(spec.get("scaleDown")) : null;
      if (delete == null && scaleDown == null) {
        throw wrong("spec", "needs delete or scaleDown");
      }
      return new ProtectionPolicy(
          policy,
          match(spec.path("match")),
          delete,
          scaleDown,
          exempt(spec.path("exempt")),
          choice(
              spec.path("action"),
              "spec.action",
              Map.of("Deny", Action.DENY, "Warn", Action.WARN, "Audit", Action.AUDIT),
              Action.DENY));
    }

    private Match match(JsonNode match) {
      fields(match, "spec.match", Set.of("resources", "namespaces", "names", "labelSelector"));
      List<String> resources = strings(match.path("resources"), "spec.match.resources");
      if (resources.isEmpty()) {
        throw wrong("spec.match.resources", "names no resource");
      }
      return new Match(
          resources.stream().map(ResourcePattern::parse).toList(),
          strings(match.path("namespaces"), "spec.match.namespaces"),
          strings(match.path("names"), "spec.match.names"),
          labels(match.path("labelSelector")));
    }

    private LabelSelector labels(JsonNode selector) {
      String at = "spec.match.labelSelector";
      fields(selector, at, Set.of("matchLabels", "matchExpressions"));
      List<Requirement> requirements = new ArrayList<>();
      for (Map.Entry<String, JsonNode> label : selector.path("matchLabels").properties()) {
        requirements.add(
            new Requirement(
                label.getKey(),
                Operator.EQUALS,
                List.of(string(label.getValue(), at + ".matchLabels." + label.getKey()))));
      }
      for (JsonNode expression : selector.path("matchExpressions")) {
        requirements.add(expression(expression, at + ".matchExpressions"));
      }
      LabelSelector parsed = new LabelSelector(requirements);
      try {
        LabelSelector.parse(parsed.toString());
      } catch (ApiException e) {
        throw wrong(at, e.status().message());
      }
      return parsed;
    }

    private Requirement expression(JsonNode expression, String at) {
      fields(expression, at, Set.of("key", "operator", "values"));
      Operator operator =
          choice(
              expression.path("operator"),
              at + ".operator",
              Map.of(
                  "In", Operator.IN,
                  "NotIn", Operator.NOT_IN,
                  "Exists", Operator.EXISTS,
                  "DoesNotExist", Operator.DOES_NOT_EXIST),
              null);
      List<String> values =
          strings(expression.path("values"), at + ".values").stream().sorted().distinct().toList();
      if (values.isEmpty() == (operator == Operator.IN || operator == Operator.NOT_IN)) {
        throw wrong(
            at + ".values",
            "has " + values.size() + " values, which does not go with the operator");
      }
      return new Requirement(string(expression.path("key"), at + ".key"), operator, values);
    }

    private DeleteMode delete(JsonNode delete) {
      fields(delete, "spec.delete", Set.of("mode"));
      return choice(
          delete.path("mode"),
          "spec.delete.mode",
          Map.of("Always", DeleteMode.ALWAYS, "Cascading", DeleteMode.CASCADING),
          null);
    }

    private ScaleDown scaleDown(JsonNode limits) {
      String at = "spec.scaleDown";
      fields(limits, at, Set.of("maxPercent", "maxCount", "minReplicas", "window"));
      return new ScaleDown(
          number(limits.path("maxPercent"), at + ".maxPercent", 100, 100),
          number(limits.path("maxCount"), at + ".maxCount", Integer.MAX_VALUE, Integer.MAX_VALUE),
          number(limits.path("minReplicas"), at + ".minReplicas", 1, Integer.MAX_VALUE),
          window(limits.path("window"), at + ".window"));
    }

    private Duration window(JsonNode value, String at) {
      if (value.isMissingNode()) {
        return Duration.ZERO;
      }
      Matcher parts = WINDOW.matcher(string(value, at));
      if (!parts.matches() || value.asText().isEmpty()) {
        throw wrong(at, value + " is no duration such as 10m, 90s or 1h30m");
      }
      Duration window =
          Duration.ofHours(part(parts.group(1)))
              .plusMinutes(part(parts.group(2)))
              .plusSeconds(part(parts.group(3)));
      if (window.compareTo(LONGEST_WINDOW) > 0) {
        throw wrong(at, value + " is longer than " + LONGEST_WINDOW.toHours() + "h");
      }
      return window;
    }

    private static long part(@Nullable String digits) {
      return digits == null ? 0 : Long.parseLong(digits);
    }

    private Exempt exempt(JsonNode exempt) {
      fields(exempt, "spec.exempt", Set.of("users", "groups"));
      return new Exempt(
          new HashSet<>(strings(exempt.path("users"), "spec.exempt.users")),
          new HashSet<>(strings(exempt.path("groups"), "spec.exempt.groups")));
    }

    private <T> T choice(JsonNode value, String at, Map<String, T> choices, @Nullable T absent) {
      T chosen = value.isMissingNode() ? absent : choices.get(value.asText());
      if (chosen == null) {
        throw wrong(at, "is to be one of " + choices.keySet().stream().sorted().toList());
      }
      return chosen;
    }

    private int number(JsonNode value, String at, int absent, int most) {
      if (value.isMissingNode()) {
        return absent;
      }
      if (!value.isIntegralNumber()
          || !value.canConvertToInt()
          || value.intValue() < 0
          || value.intValue() > most) {
        throw wrong(at, value + " is no whole number from 0 to " + most);
      }
      return value.intValue();
    }

    private List<String> strings(JsonNode array, String at) {
      List<String> values = new ArrayList<>();
      if (!array.isMissingNode() && !array.isArray()) {
        throw wrong(at, "is no list");
      }
      for (JsonNode value : array) {
        values.add(string(value, at));
      }
      return values;
    }

    private String string(JsonNode value, String at) {
      if (!value.isTextual()) {
        throw wrong(at, "is no text");
      }
      return value.textValue();
    }

    private void fields(JsonNode object, String at, Set<String> known) {
      if (object.isMissingNode()) {
        return;
      }
      if (!object.isObject()) {
        throw wrong(at, "is no object");
      }
      for (Map.Entry<String, JsonNode> field : object.properties()) {
        if (!known.contains(field.getKey())) {
          throw wrong(at + "." + field.getKey(), "is not known");
        }
      }
    }

    private IllegalArgumentException wrong(String field, String what) {
      return new IllegalArgumentException("policy " + policy + ": " + field + " " + what);
    }
  }
}
