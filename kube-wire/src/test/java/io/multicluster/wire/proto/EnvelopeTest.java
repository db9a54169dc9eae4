package io.multicluster.wire.proto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class EnvelopeTest {
  private static final byte[] POD_WITH_RESOURCE_VERSION_12 =
      HexFormat.of().parseHex("6b3873000a090a0276311203506f6412060a04320231321a002200");

  @Test
  void bodyIsMagicTypeObjectAndTwoEmptyFields() {
    byte[] raw = HexFormat.of().parseHex("0a0432023132");
    ByteBuf out = Unpooled.buffer();
    Envelope envelope = new Envelope("v1", "Pod");

    envelope.write(out, raw, 0, raw.length);

    assertThat(ByteBufUtil.getBytes(out)).isEqualTo(POD_WITH_RESOURCE_VERSION_12);
    assertThat(envelope.size(raw.length)).isEqualTo(27);
  }

  @Test
  void openedBodyTellsKindAndWhereTheObjectLies() {
    assertThat(Envelope.open(POD_WITH_RESOURCE_VERSION_12, 0, 27))
        .isEqualTo(new Envelope.Content("v1", "Pod", 17, 23));
  }

  @Test
  void bodyOfAnotherFormatIsRefused() {
    byte[] json = "{\"kind\":\"Pod\"}".getBytes(UTF_8);
    assertThatThrownBy(() -> Envelope.open(json, 0, json.length))
        .isInstanceOf(MalformedProtoException.class)
        .hasMessageContaining("magic");
  }
}
