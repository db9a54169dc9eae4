package io.multicluster.wire.table;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Ipv4Test {
  @ParameterizedTest
  @ValueSource(strings = {"10.1.2.3", "255.255.255.255", "0.0.0.1", "1.0.0.0", "192.168.0.10"})
  void anAddressComesBackTheSame(String text) {
    assertThat(Ipv4.parse(text)).isNotZero();
    assertThat(Ipv4.text(Ipv4.parse(text))).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0.0.0.0",
        "1.2.3",
        "1.2.3.",
        "1.2.3.4.5",
        "01.2.3.4",
        "1.2.3.256",
        "fd00::1",
        "1..2.3",
        "1.2.3.4 ",
        "99999999999.1.1.1",
        "00.0.0.1"
      })
  void whatWouldComeBackOtherwiseIsNoAddress(String text) {
    assertThat(Ipv4.parse(text)).isZero();
  }
}
