package io.multicluster.wire.selector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.status.ApiException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FieldSelectorTest {
  private static final FieldSet POD =
      field -> Map.of("spec.nodeName", "n1", "odd", "a,b=c\\d").getOrDefault(field, "");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "spec.nodeName=n1|true",
        "spec.nodeName==n1|true",
        "spec.nodeName!=n1|false",
        "spec.nodeName=n1,status.phase=|true",
        "spec.nodeName=n1,status.phase!=|false",
        "spec.nodeName= n1|false",
        ",spec.nodeName=n1,,|true",
        "odd=a\\,b\\=c\\\\d|true",
        "odd!=a\\,b\\=c\\\\d|false",
      })
  void termsAreAllToHold(String selector, boolean matches) {
    assertThat(FieldSelector.parse(selector).matches(POD)).isEqualTo(matches);
  }

  @Test
  void nothingAskedMatchesEverything() {
    assertThat(FieldSelector.parse("").isEmpty()).isTrue();
    assertThat(FieldSelector.parse(",").matches(POD)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "foo|invalid selector: 'foo'; can't understand 'foo'",
        "a=1,foo|invalid selector: 'a=1,foo'; can't understand 'foo'",
        "a=b=c|invalid field selector: unescaped character in value: 61",
        "a=b\\n|invalid field selector: invalid escape sequence: \\n",
        "a=b\\|invalid field selector: invalid escape sequence: \\",
      })
  void whatGoRefusesIsRefusedInItsWords(String selector, String message) {
    assertThatThrownBy(() -> FieldSelector.parse(selector))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(400))
        .hasMessage(message);
  }

  @Test
  void theTextIsSortedAndReadsBack() {
    FieldSelector selector = FieldSelector.parse("b==x\\,y,a!=1");
    assertThat(selector).hasToString("a!=1,b=x\\,y");
    assertThat(FieldSelector.parse(selector.toString())).isEqualTo(selector);
    assertThat(selector.exactly("b")).isEqualTo("x,y");
    assertThat(selector.exactly("a")).isNull();
  }
}
