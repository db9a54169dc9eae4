package io.multicluster.wire.selector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.selector.LabelSelector.Operator;
import io.multicluster.wire.selector.LabelSelector.Requirement;
import io.multicluster.wire.status.ApiException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabelSelectorTest {
  private static final List<Operator> OPERATORS = List.of(Operator.values());

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a=b,c!=d,e in (f,g),h notin (i),j,!k,l>3|true",
        "a = b , c != x|true",
        "a==b|true",
        "a=|false",
        "empty=|true",
        "empty in (,x)|true",
        "empty in ()|true",
        "missing=|false",
        "missing!=x|true",
        "missing notin (x)|true",
        "c!=y|false",
        "l>4|true",
        "l>5|false",
        "l<6|true",
        "a>1|false",
        "a<1|false",
        "in|false",
        "example.com/in in (in, notin)|true",
      })
  void everyFormOfRequirementIsEvaluated(String text, boolean matches) {
    Map<String, String> labels =
        Map.of(
            "a",
            "b",
            "c",
            "y",
            "e",
            "g",
            "h",
            "x",
            "j",
            "",
            "l",
            "5",
            "empty",
            "",
            "example.com/in",
            "in");
    assertThat(LabelSelector.parse(text).matches(labels::get)).isEqualTo(matches);
  }

  @Test
  void garbageIsABadRequest() {
    assertThatThrownBy(() -> LabelSelector.parse("a in b"))
        .isInstanceOfSatisfying(
            ApiException.class,
            e -> {
              assertThat(e.status().code()).isEqualTo(400);
              assertThat(e.status().reason()).isEqualTo("BadRequest");
            });
  }

  @Test
  void anIndexLearnsTheValuesThatMayMatch() {
    LabelSelector selector = LabelSelector.parse("b notin (x),a in (z,y),c=1,d");
    assertThat(selector.valuesOf("a")).containsExactly("y", "z");
    assertThat(selector.valuesOf("c")).containsExactly("1");
    assertThat(selector.valuesOf("b")).isNull();
    assertThat(selector.valuesOf("d")).isNull();
    assertThat(selector.without("a")).hasToString("b notin (x),c=1,d");
  }

  @Test
  void anySelectorAgreesWithItsDefinitionAndReadsBackFromItsText() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      LabelSelector selector = randomSelector(random);
      Map<String, String> labels = randomLabels(random);
      boolean expected =
          selector.requirements().stream().allMatch(requirement -> holds(requirement, labels));
      assertThat(selector.matches(labels::get))
          .as("%s on %s", selector, labels)
          .isEqualTo(expected);
      assertThat(LabelSelector.parse(selector.toString())).isEqualTo(selector);
      for (String key : List.of("a", "b", "c")) {
        List<String> values = selector.valuesOf(key);
        if (expected && values != null) {
          assertThat(values).contains(labels.get(key));
        }
      }
    }
  }

  private static boolean holds(Requirement requirement, Map<String, String> labels) {
    boolean present = labels.containsKey(requirement.key());
    String value = labels.getOrDefault(requirement.key(), "");
    boolean listed = requirement.values().contains(value);
    String number = "-?[0-9]+";
    boolean comparable = present && value.matches(number);
    return switch (requirement.operator()) {
      case IN, EQUALS, DOUBLE_EQUALS -> present && listed;
      case NOT_IN, NOT_EQUALS -> !(present && listed);
      case EXISTS -> present;
      case DOES_NOT_EXIST -> !present;
      case GREATER_THAN ->
          comparable && Long.parseLong(value) > Long.parseLong(requirement.values().getFirst());
      case LESS_THAN ->
          comparable && Long.parseLong(value) < Long.parseLong(requirement.values().getFirst());
    };
  }

  private static LabelSelector randomSelector(Random random) {
    List<Requirement> requirements = new ArrayList<>();
    for (int n = random.nextInt(4); n > 0; n--) {
      Operator operator = OPERATORS.get(random.nextInt(OPERATORS.size()));
      List<String> values =
          switch (operator) {
            case EXISTS, DOES_NOT_EXIST -> List.of();
            case GREATER_THAN, LESS_THAN -> List.of(Integer.toString(random.nextInt(4)));
            case IN, NOT_IN -> {
              TreeSet<String> set = new TreeSet<>();
              for (int size = 1 + random.nextInt(3); size > 0; size--) {
                set.add(randomValue(random));
              }
              yield List.copyOf(set);
            }
            default -> List.of(randomValue(random));
          };
      requirements.add(new Requirement(randomKey(random), operator, values));
    }
    return new LabelSelector(requirements);
  }

  private static Map<String, String> randomLabels(Random random) {
    Map<String, String> labels = new HashMap<>();
    for (int n = random.nextInt(4); n > 0; n--) {
      labels.put(randomKey(random), randomValue(random));
    }
    return labels;
  }

  private static String randomKey(Random random) {
    return List.of("a", "b", "c", "in").get(random.nextInt(4));
  }

  private static String randomValue(Random random) {
    return List.of("", "x", "y", "notin", "1", "2").get(random.nextInt(6));
  }
}
