package io.multicluster.wire.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.oracle.JsonLines;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

class YamlWriterTest {
  @Test
  void objectsReadAsFromKubectl() {
    assertThat(
            yaml(
                """
                {"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"76"},"items":[\
                {"metadata":{"name":"a","labels":{"yes":"no","5":"x:1"},"empty":{}},"args":["-x",[1,\
                []]],"ready":true,"none":null,"num":-1.5}]}\
                """))
        .isEqualTo(
            """
            kind: PodList
            apiVersion: v1
            metadata:
              resourceVersion: "76"
            items:
            - metadata:
                name: a
                labels:
                  "yes": "no"
                  "5": x:1
                empty: {}
              args:
              - "-x"
              - - 1
                - []
              ready: true
              none: null
              num: -1.5
            """);
  }

  @Test
  void scalarsAndEmptyContainersAreDocumentsToo() {
    assertThat(yaml("{}")).isEqualTo("{}\n");
    assertThat(yaml("[]")).isEqualTo("[]\n");
    assertThat(yaml("12")).isEqualTo("12\n");
    assertThat(yaml("\"a b\"")).isEqualTo("\"a b\"\n");
  }

  @Test
  void anyJsonMeansTheSameInYaml() {
    Random random = new Random(11);
    Yaml yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
    for (int i = 0; i < 3000; i++) {
      JsonWriter json = new JsonWriter(1024);
      write(json, random(random, 4));
      String text = new String(json.toByteArray(), UTF_8);
      String written = yaml(text);
      assertThat(normal(yaml.load(written)))
          .as("%s\n%s", text, written)
          .isEqualTo(normal(JsonLines.parse(text)));
    }
  }

  private static @Nullable Object random(Random random, int depth) {
    return switch (random.nextInt(depth == 0 ? 4 : 8)) {
      case 0 -> random.nextBoolean();
      case 1 -> null;
      case 2 -> (long) random.nextInt(100);
      case 3, 4 -> text(random);
      case 5 -> {
        List<@Nullable Object> list = new ArrayList<>();
        for (int n = random.nextInt(4); n > 0; n--) {
          list.add(random(random, depth - 1));
        }
        yield list;
      }
      default -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int n = random.nextInt(4); n > 0; n--) {
          map.put(text(random), random(random, depth - 1));
        }
        yield map;
      }
    };
  }

  private static String text(Random random) {
    String[] pieces = {
      "a",
      "b",
      "true",
      "No",
      "null",
      "~",
      "-",
      ":",
      " ",
      "#",
      "'",
      "\"",
      "\\",
      "\n",
      "\t",
      "1",
      ".",
      "é",
      "\u007f",
      "\u0085",
      "\u0090",
      "\u00a0",
      "\u00bf",
      "<",
      "&",
      "*",
      "!",
      "%",
      "@",
      "{",
      "]",
      ",",
      "\u2028",
      "😀",
      "long-".repeat(30),
      "0x1f",
      "1e3",
      "=",
      "/",
      "_",
      "?"
    };
    StringBuilder text = new StringBuilder();
    for (int n = random.nextInt(4); n > 0; n--) {
      text.append(pieces[random.nextInt(pieces.length)]);
    }
    return text.toString();
  }

  private static void write(JsonWriter json, @Nullable Object value) {
    switch (value) {
      case null -> json.nullValue();
      case String text -> json.value(text);
      case Long number -> json.value(number);
      case Boolean bool -> json.value(bool);
      case List<?> list -> {
        json.beginArray();
        list.forEach(element -> write(json, element));
        json.endArray();
      }
      case Map<?, ?> map -> {
        json.beginObject();
        map.forEach((name, member) -> {
          json.name(String.valueOf(name));
          write(json, member);
        });
        json.endObject();
      }
      default -> throw new IllegalArgumentException(value.toString());
    }
  }

  /** With one type of integers, which the two readers choose differently. */
  private static @Nullable Object normal(@Nullable Object value) {
    return switch (value) {
      case Integer number -> number.longValue();
      case List<?> list -> {
        List<@Nullable Object> normal = new ArrayList<>();
        list.forEach(element -> normal.add(normal(element)));
        yield normal;
      }
      case Map<?, ?> map -> {
        Map<Object, @Nullable Object> normal = new LinkedHashMap<>();
        map.forEach((name, member) -> normal.put(name, normal(member)));
        yield normal;
      }
      case null, default -> value;
    };
  }

  /** Written in parts of one byte. */
  private static String yaml(String json) {
    ByteBuf out = Unpooled.buffer();
    YamlWriter writer = new YamlWriter();
    for (byte b : json.getBytes(UTF_8)) {
      writer.write(Unpooled.wrappedBuffer(new byte[] {b}), out);
    }
    writer.end(out);
    return out.toString(UTF_8);
  }
}
