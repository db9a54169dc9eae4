package io.multicluster.wire.selector;

import io.multicluster.wire.status.ApiException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A conjunction of conditions on labels, such as {@code app in (a,b),!canary}.
 *
 * @param requirements ordered by key; empty matches everything
 */
public record LabelSelector(List<Requirement> requirements) {
  public static final LabelSelector EVERYTHING = new LabelSelector(List.of());

  /** How a requirement's values are looked at; {@code text} as it is written. */
  public enum Operator {
    IN(" in "),
    NOT_IN(" notin "),
    EQUALS("="),
    DOUBLE_EQUALS("=="),
    NOT_EQUALS("!="),
    EXISTS(""),
    DOES_NOT_EXIST(""),
    GREATER_THAN(">"),
    LESS_THAN("<");

    private final String text;

    Operator(String text) {
      this.text = text;
    }
  }

  /**
   * @param values sorted, without repetition: one or more for {@code IN} and {@code NOT_IN}, none
   *     for {@code EXISTS} and {@code DOES_NOT_EXIST}, one for the others
   */
  public record Requirement(String key, Operator operator, List<String> values) {
    public Requirement {
      values = List.copyOf(values);
    }

    public boolean matches(LabelSet labels) {
      String value = labels.get(key);
      return switch (operator) {
        case IN, EQUALS, DOUBLE_EQUALS -> value != null && values.contains(value);
        case NOT_IN, NOT_EQUALS -> value == null || !values.contains(value);
        case EXISTS -> value != null;
        case DOES_NOT_EXIST -> value == null;
        case GREATER_THAN -> value != null && compare(value) > 0;
        case LESS_THAN -> value != null && compare(value) < 0;
      };
    }

    /** Sign of the label's number against ours; 0 also for what is no number. */
    private int compare(String value) {
      try {
        return Long.compare(Long.parseLong(value), Long.parseLong(values.getFirst()));
      } catch (NumberFormatException e) {
        return 0;
      }
    }

    @Override
    public String toString() {
      String joined = String.join(",", values);
      return switch (operator) {
        case IN, NOT_IN -> key + operator.text + "(" + joined + ")";
        case DOES_NOT_EXIST -> "!" + key;
        default -> key + operator.text + joined;
      };
    }
  }

  public LabelSelector {
    requirements = requirements.stream().sorted(Comparator.comparing(Requirement::key)).toList();
  }

  /**
   * @throws ApiException 400 with the text of kube-apiserver
   */
  public static LabelSelector parse(String text) {
    return text.isEmpty() ? EVERYTHING : new LabelSelector(new LabelSelectorParser(text).parse());
  }

  public boolean isEmpty() {
    return requirements.isEmpty();
  }

  public boolean matches(LabelSet labels) {
    for (Requirement requirement : requirements) {
      if (!requirement.matches(labels)) {
        return false;
      }
    }
    return true;
  }

  /**
   * The values one of which the label must have: what an index is asked for. Objects found that way
   * must still be matched. Null if the label may have any value or be absent.
   */
  public @Nullable List<String> valuesOf(String key) {
    for (Requirement requirement : requirements) {
      if (requirement.key.equals(key)) {
        switch (requirement.operator) {
          case IN, EQUALS, DOUBLE_EQUALS -> {
            return requirement.values;
          }
          default -> {}
        }
      }
    }
    return null;
  }

  /**
   * This selector without what it asks of a label: for who has answered that part by other means.
   */
  public LabelSelector without(String key) {
    List<Requirement> rest = new ArrayList<>(requirements);
    rest.removeIf(requirement -> requirement.key.equals(key));
    return new LabelSelector(rest);
  }

  /** In the form that {@link #parse} reads; equal selectors have equal texts. */
  @Override
  public String toString() {
    return requirements.stream().map(Requirement::toString).collect(Collectors.joining(","));
  }
}
