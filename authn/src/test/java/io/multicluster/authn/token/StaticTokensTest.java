package io.multicluster.authn.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.user.UserInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StaticTokensTest {
  @TempDir private Path folder;

  @Test
  void usersAreReadAsKubeApiserverReadsThem() throws IOException {
    StaticTokens tokens =
        tokens(
            """
            # comment
            t1,alice,1

            t2,bob,2,dev
            "t,3","c ""x"" d",3,"dev,ops"
            """);

    assertThat(tokens.authenticate("t1")).isEqualTo(user("alice", "1"));
    assertThat(tokens.authenticate("t2")).isEqualTo(user("bob", "2", "dev"));
    assertThat(tokens.authenticate("t,3")).isEqualTo(user("c \"x\" d", "3", "dev", "ops"));
    assertThat(tokens.authenticate("t4")).isNull();
    assertThat(tokens.authenticate("")).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a,b|tokens.csv:1 has 2 fields",
        "a,b,c\\n,b,c|tokens.csv:2 has an empty token",
        "a,,c|tokens.csv:1 has an empty token or user name",
        "a,b,c\\na,d,e|tokens.csv:2 has a token that stands above already"
      })
  void mistakesAreNamedWithoutTheToken(String content, String message) {
    assertThatThrownBy(() -> tokens(content.replace("\\n", "\n")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void theFileIsReadAgain() throws IOException {
    StaticTokens tokens = tokens("t1,alice,1");

    Files.writeString(folder.resolve("tokens.csv"), "t2,bob,2");
    tokens.reload();
    assertThat(tokens.authenticate("t1")).isNull();
    assertThat(tokens.authenticate("t2")).isEqualTo(user("bob", "2"));

    Files.writeString(folder.resolve("tokens.csv"), "broken");
    tokens.reload();
    assertThat(tokens.authenticate("t2")).isEqualTo(user("bob", "2"));
  }

  private StaticTokens tokens(String content) throws IOException {
    return new StaticTokens(Files.writeString(folder.resolve("tokens.csv"), content));
  }

  private static TokenUser user(String name, String uid, String... groups) {
    return new TokenUser(new UserInfo(name, uid, List.of(groups), Map.of()), Instant.MAX);
  }
}
