package io.multicluster.wire.rv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResourceVersionTest {
  @Test
  void theThreeKindsAreToldApart() {
    assertThat(ResourceVersion.parse("")).isEqualTo(ResourceVersion.MOST_RECENT);
    assertThat(ResourceVersion.parse("0")).isEqualTo(ResourceVersion.ANY);
    assertThat(ResourceVersion.parse("8123")).isEqualTo(new ResourceVersion.At(8123));
    assertThat(ResourceVersion.parse("9223372036854775807"))
        .isEqualTo(new ResourceVersion.At(Long.MAX_VALUE));
  }

  @ParameterizedTest
  @CsvSource({
    "x,invalid syntax",
    "-1,invalid syntax",
    "+1,invalid syntax",
    "1.0,invalid syntax",
    "00,invalid syntax",
    "07,invalid syntax",
    "' 7',invalid syntax",
    "٧,invalid syntax",
    "9223372036854775808,value out of range",
    "99999999999999999999999,value out of range",
  })
  void everythingElseIsRefused(String text, String why) {
    assertThatThrownBy(() -> ResourceVersion.parse(text))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(400))
        .hasMessage(
            "invalid resource version: resourceVersion: Invalid value: \"%s\":"
                + " strconv.ParseUint: parsing \"%s\": %s",
            text, text, why);
  }

  @Test
  void watchesRefuseWithAnotherCode() {
    assertThatThrownBy(() -> ResourceVersion.parseForWatch("x", GroupResource.PODS))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(422))
        .hasMessage(
            "pods \"\" is invalid: resourceVersion: Invalid value: \"x\": strconv.ParseUint:"
                + " parsing \"x\": invalid syntax");
  }
}
