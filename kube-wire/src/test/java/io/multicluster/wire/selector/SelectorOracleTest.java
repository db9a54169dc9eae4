package io.multicluster.wire.selector;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.oracle.JsonLines;
import io.multicluster.wire.status.ApiException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Compares with what apimachinery 0.36 says to the same texts. */
class SelectorOracleTest {
  private static final List<Map<String, String>> LABELS =
      List.of(
          Map.of(),
          Map.of("a", ""),
          Map.of("a", "b"),
          Map.of("a", "5", "in", "x"),
          Map.of("example.com/app", "web", "tier", "b"),
          Map.of("a", "c", "notin", "-", "n", "-7"));

  @Test
  void labelSelectorsReadFailAndMatchAsInApimachinery() {
    for (Map<String, @Nullable Object> line :
        JsonLines.read(SelectorOracleTest.class, "labels.jsonl")) {
      String text = String.valueOf(line.get("selector"));
      assertThat(result(text, LabelSelector::parse)).as(text).isEqualTo(expected(line));
      if (!line.containsKey("error")) {
        LabelSelector selector = LabelSelector.parse(text);
        List<Boolean> matches =
            LABELS.stream().map(labels -> selector.matches(labels::get)).toList();
        if (line.containsKey("matches")) {
          assertThat((Object) matches).as(text).isEqualTo(line.get("matches"));
        }
      }
    }
  }

  @Test
  void fieldSelectorsReadAndFailAsInApimachinery() {
    for (Map<String, @Nullable Object> line :
        JsonLines.read(SelectorOracleTest.class, "fields.jsonl")) {
      String text = String.valueOf(line.get("selector"));
      assertThat(result(text, FieldSelector::parse)).as(text).isEqualTo(expected(line));
    }
  }

  private static String result(String text, Function<String, Object> parser) {
    try {
      return "text " + parser.apply(text);
    } catch (ApiException e) {
      return "error " + e.getMessage();
    }
  }

  private static String expected(Map<String, @Nullable Object> line) {
    return line.containsKey("error") ? "error " + line.get("error") : "text " + line.get("text");
  }
}
