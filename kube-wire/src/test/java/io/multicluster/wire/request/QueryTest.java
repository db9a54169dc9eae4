package io.multicluster.wire.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.status.ApiException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTest {
  @Test
  void valuesAreDecodedAndKeptInOrder() {
    Query query = Query.parse("command=sh&command=-c&command=a+b%2Bc%20d&&tty&empty=&x=1=2");
    assertThat(query.all("command")).containsExactly("sh", "-c", "a b+c d");
    assertThat(query.first("command")).isEqualTo("sh");
    assertThat(query.first("tty")).isEmpty();
    assertThat(query.first("empty")).isEmpty();
    assertThat(query.get("x")).isEqualTo("1=2");
    assertThat(query.first("absent")).isNull();
    assertThat(query.get("absent")).isEmpty();
    assertThat(query.has("Command")).isFalse();
  }

  @Test
  void namesAreDecodedToo() {
    assertThat(Query.parse("dry%52un=All").get("dryRun")).isEqualTo("All");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dryRun=All%", "dryRun=%4", "dry%GGRun=All", "a=1;dryRun=All"})
  void aParameterThatUpstreamsWouldIgnoreIsRefused(String query) {
    assertThatThrownBy(() -> Query.parse(query))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(400));
  }

  @Test
  void textBeyondAsciiSurvives() {
    assertThat(Query.parse("q=%C3%A4é").get("q")).isEqualTo("äé");
  }
}
