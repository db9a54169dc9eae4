package io.multicluster.wire.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonWriterTest {
  private final JsonWriter writer = new JsonWriter();

  @Test
  void commasAndColonsComeByThemselves() {
    writer
        .beginObject()
        .name("a")
        .beginArray()
        .value(1)
        .value("x")
        .beginObject()
        .endObject()
        .beginArray()
        .endArray()
        .nullValue()
        .endArray()
        .name("b")
        .value(true)
        .name("c")
        .json("{\"d\":[]}".getBytes(UTF_8))
        .endObject();
    assertThat(text()).isEqualTo("{\"a\":[1,\"x\",{},[],null],\"b\":true,\"c\":{\"d\":[]}}");
  }

  @Test
  void drainingInTheMiddleChangesNothing() {
    ByteBuf out = Unpooled.buffer();
    writer.beginArray().value(1).drainTo(out);
    writer.value(2).beginObject().name("a").drainTo(out);
    writer.value(3).endObject().drainTo(out);
    writer.endArray().drainTo(out);
    assertThat(out.toString(UTF_8)).isEqualTo("[1,2,{\"a\":3}]");
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "-1,-1",
    "9,9",
    "10,10",
    "9223372036854775807,9223372036854775807",
    "-9223372036854775808,-9223372036854775808",
    "1000000000000000000,1000000000000000000"
  })
  void numbersAreDecimal(long value, String expected) {
    assertThat(writer.value(value)).isNotNull();
    assertThat(text()).isEqualTo(expected);
  }

  @Test
  void stringsAreEscapedAsGoDoes() {
    writer.value("<a href=\"x\">&\\/\b\f\n\r\t\u0000\u001f\u007fé\u2028\u2029\u202a😀\uFFFD");
    assertThat(text())
        .isEqualTo(
            "\"\\u003ca href=\\\"x\\\"\\u003e\\u0026\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007fé"
                + "\\u2028\\u2029\u202a😀\uFFFD\"");
  }

  @ParameterizedTest
  @CsvSource({
    "ff, \\ufffd",
    "c0af, \\ufffd\\ufffd",
    "e28228, \\ufffd\\ufffd(",
    "eda080, \\ufffd\\ufffd\\ufffd",
    "f4908080, \\ufffd\\ufffd\\ufffd\\ufffd",
    "f8, \\ufffd",
    "e282, \\ufffd\\ufffd",
    "c3, \\ufffd",
    "80, \\ufffd",
    "61c3a9ff62, aé\\ufffdb"
  })
  void eachInvalidByteIsReplaced(String hex, String expected) {
    assertThat(string(HexFormat.of().parseHex(hex))).isEqualTo('"' + expected + '"');
  }

  @Test
  void randomStringsAreWrittenAsASimpleEncoderDoes() {
    Random random = new Random(23);
    byte[] alphabet = "abcdefgh<>&\"\\\n\u0001é\u2028漢😀".getBytes(UTF_8);
    for (int i = 0; i < 30_000; i++) {
      byte[] text = new byte[random.nextInt(40)];
      for (int j = 0; j < text.length; j++) {
        text[j] = random.nextInt(3) == 0 ? alphabet[random.nextInt(alphabet.length)] : (byte) 'x';
      }
      assertThat(string(text)).isEqualTo(simply(text));
    }
  }

  @Test
  void timesAreThoseOfTheJdk() {
    Random random = new Random(29);
    DateTimeFormatter format =
        DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'Z'").withZone(ZoneOffset.UTC);
    long first = Instant.parse("0000-01-01T00:00:00Z").getEpochSecond();
    long last = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();
    for (int i = 0; i < 20_000; i++) {
      long seconds = i == 0 ? first : i == 1 ? last : random.nextLong(first, last);
      writer.reset();
      writer.time(seconds);
      assertThat(text()).isEqualTo('"' + format.format(Instant.ofEpochSecond(seconds)) + '"');
    }
  }

  @Test
  void microTimesAlwaysHaveSixDigits() {
    writer.beginArray().microTime(0, 0).microTime(-1, 999_999).time(null).endArray();
    assertThat(text())
        .isEqualTo("[\"1970-01-01T00:00:00.000000Z\",\"1969-12-31T23:59:59.999999Z\",null]");
  }

  @Test
  void timesBeyondAnyCalendarAreStillJson() {
    for (long seconds : new long[] {Long.MIN_VALUE + 1, Long.MAX_VALUE, 253402300800L}) {
      writer.reset();
      writer.time(seconds);
      assertThat(text()).matches("\"-?\\d{4,}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\"");
    }
  }

  @Test
  void indentedJsonKeepsEmptyPairsAndStringsWhole() {
    ByteBuf out = Unpooled.buffer();
    JsonIndenter indenter = new JsonIndenter();
    String compact = "{\"a\":{},\"b\":[],\"c\":[1,{\"d\":\"{,:}\\\"[\\\\\"}]}";
    for (byte b : compact.getBytes(UTF_8)) {
      indenter.indent(Unpooled.wrappedBuffer(new byte[] {b}), out);
    }
    assertThat(out.toString(UTF_8))
        .isEqualTo(
            """
            {
              "a": {},
              "b": [],
              "c": [
                1,
                {
                  "d": "{,:}\\"[\\\\"
                }
              ]
            }\
            """);
  }

  private String text() {
    return new String(writer.toByteArray(), UTF_8);
  }

  private static String string(byte[] text) {
    JsonBuffer buffer = new JsonBuffer();
    int end = buffer.string(text, 0, text.length, 0);
    return new String(buffer.bytes, 0, end, UTF_8);
  }

  /** Go's encoder, a byte at a time. */
  private static String simply(byte[] text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write('"');
    for (int i = 0; i < text.length; ) {
      int b = text[i];
      int length = b >= 0 ? 1 : Utf8.length(text, i, text.length);
      String character = new String(text, i, Math.max(1, length), UTF_8);
      String written =
          switch (character) {
            case "\"" -> "\\\"";
            case "\\" -> "\\\\";
            case "\n" -> "\\n";
            case "<" -> "\\u003c";
            case ">" -> "\\u003e";
            case "&" -> "\\u0026";
            case "\u0001" -> "\\u0001";
            case "\u2028" -> "\\u2028";
            case "\u2029" -> "\\u2029";
            default -> length == 0 ? "\\ufffd" : character;
          };
      out.writeBytes(written.getBytes(UTF_8));
      i += Math.max(1, length);
    }
    out.write('"');
    return out.toString(UTF_8);
  }
}
