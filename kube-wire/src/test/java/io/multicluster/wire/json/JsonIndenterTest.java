package io.multicluster.wire.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class JsonIndenterTest {
  private static final String JSON =
      "{\"a\":{},\"b\":[],\"c\":[1,{\"d\":\"x,\\\"{}[]: \\\\\"}],\"e\":[[]],\"f\":null}";
  private static final String INDENTED =
      """
      {
        "a": {},
        "b": [],
        "c": [
          1,
          {
            "d": "x,\\"{}[]: \\\\"
          }
        ],
        "e": [
          []
        ],
        "f": null
      }\
      """;

  @Test
  void bracketsCommasAndColonsAreSetApart() {
    ByteBuf out = Unpooled.buffer();
    new JsonIndenter().indent(Unpooled.copiedBuffer(JSON, UTF_8), out);
    assertThat(out.toString(UTF_8)).isEqualTo(INDENTED);
  }

  @Test
  void piecesMayBeCutAnywhere() {
    ByteBuf out = Unpooled.buffer();
    JsonIndenter indenter = new JsonIndenter();
    for (byte b : JSON.getBytes(UTF_8)) {
      indenter.indent(Unpooled.wrappedBuffer(new byte[] {b}), out);
    }
    assertThat(out.toString(UTF_8)).isEqualTo(INDENTED);
  }
}
