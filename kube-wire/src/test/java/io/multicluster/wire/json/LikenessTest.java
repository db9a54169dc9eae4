package io.multicluster.wire.json;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.proto.Damage;
import io.multicluster.wire.proto.Golden;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ProtoWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

class LikenessTest {
  private final JsonTranscoder transcoder = new JsonTranscoder(new LongAdder());
  private final Likeness likeness = new Likeness();
  private final JsonKind pod = kind("v1", "Pod");

  @Test
  void whatIsSaidToBeCompleteIs() {
    int told = 0;
    int of = 0;
    for (String name : List.of("core.v1.Pod", "core.v1.Event", "core.v1.Node")) {
      byte[] original = Golden.bare(name);
      JsonKind kind = kind("v1", name.substring("core.v1.".length()));
      for (int seed = 0; seed < 20_000; seed++) {
        Random random = new Random(seed);
        byte[] model = relative(original, random);
        if (model.length == 0 || !complete(kind, model)) {
          continue;
        }
        byte[] object = relative(model, random);
        boolean complete = complete(kind, object);
        boolean said = said(kind, model, object);
        assertThat(said && !complete).as("%s, seed %d", name, seed).isFalse();
        of += complete ? 1 : 0;
        told += said ? 1 : 0;
      }
    }
    assertThat(told).as("of %d that are complete", of).isGreaterThan(of / 2);
  }

  @Test
  void valuesOfTheSameFieldsMayDifferInLength() {
    byte[] model = pod("web-1", 1_700_000_000, "{\"f:a\":{}}");
    assertThat(said(pod, model, model)).isTrue();
    assertThat(said(pod, model, pod("web-12345", 1_800_000_000_000L, "{\"f:a\": {\"f:b\":{}}}")))
        .isTrue();
    assertThat(said(pod, pod("web-12345", 1, "{\"f:a\": {\"f:b\":{}}}"), model)).isTrue();
    assertThat(said(pod, model, pod("", 0, "{}"))).isTrue();
  }

  @Test
  void nothingIsSaidOfOtherFields() {
    byte[] model = pod("web-1", 5, "{}");
    assertThat(said(pod, model, Arrays.copyOf(model, model.length - 2))).isFalse();
    byte[] longer =
        new ProtoWriter().raw(model, 0, model.length).message(2, new ProtoWriter()).toByteArray();
    assertThat(said(pod, model, longer)).isFalse();
    assertThat(said(pod, longer, model)).isFalse();
  }

  @Test
  void embeddedJsonIsLookedInto() {
    byte[] model = pod("web-1", 5, "{\"f:a\":{}}");
    assertThat(said(pod, model, pod("web-1", 5, "{\"f:a\":{}"))).isFalse();
    assertThat(said(pod, model, pod("web-1", 5, "{\"f:a\":{\"f:b\"}}"))).isFalse();
  }

  @Test
  void embeddedJsonMayDifferInOneText() {
    String model = "{\"f:ips\":{\"k:{\\\"ip\\\":\\\"10.0.0.1\\\"}\":{\".\":{}}},\"n\":12}";
    assertThat(alike(model, model)).isTrue();
    assertThat(alike(model, model.replace("10.0.0.1", "10.20.111.213"))).isTrue();
    assertThat(alike(model, model.replace("10.0.0.1", "10.0.0"))).isTrue();
    assertThat(alike(model, model.replace("10.0.0.1", ""))).isTrue();
    assertThat(alike(model, model.replace("f:ips", "f:"))).isTrue();

    assertThat(alike(model, model.replace("10.0.0.1", "10\"0.0.1"))).as("a quote").isFalse();
    assertThat(alike(model, model.replace("10.0.0.1", "10.\n.0.1"))).as("control").isFalse();
    assertThat(alike(model, model.replace("12", "x2"))).as("no string").isFalse();
    assertThat(alike(model, model.replace("10.0.0.1", "1").replace("12", "x"))).isFalse();
    assertThat(alike(model, model.replace("\"f:ips\"", "f:ips"))).isFalse();
    assertThat(alike("{\"a\":\"\\n12\"}", "{\"a\":\"\\x12\"}")).as("an escape").isFalse();
    assertThat(alike("{\"a\":\"\\u0012\"}", "{\"a\":\"\\u00x2\"}")).as("digits").isFalse();
    assertThat(alike("{\"a\":\"b\\\\\"}", "{\"a\":\"c\\\\\"}")).isTrue();
  }

  @Test
  void whatIsSaidOfAlikeJsonIsSo() {
    JsonBuffer buffer = new JsonBuffer();
    RawJson grammar = new RawJson(buffer);
    byte[] model =
        ascii("{\"f:ips\":{\"k:{\\\"ip\\\":\\\"10.0.0.1\\\"}\":{}},\"\\u00e9\\\\\":[12,true]}");
    String characters = "\"\\{}:,u01e9ab.\n<";
    int said = 0;
    for (int seed = 0; seed < 200_000; seed++) {
      Random random = new Random(seed);
      StringBuilder json = new StringBuilder(new String(model, US_ASCII));
      for (int change = random.nextInt(3); change >= 0; change--) {
        int at = random.nextInt(json.length());
        char character = characters.charAt(random.nextInt(characters.length()));
        switch (random.nextInt(3)) {
          case 0 -> json.insert(at, character);
          case 1 -> json.deleteCharAt(at);
          default -> json.setCharAt(at, character);
        }
      }
      byte[] object = ascii("  " + json + "\"");
      int end = object.length - 1;
      if (AlikeJson.valid(object, 2, end, model, 0, model.length)) {
        said++;
        assertThat(grammar.write(object, 2, end, 0)).as("seed %d", seed).isNotNegative();
      }
    }
    assertThat(said).isGreaterThan(10_000);
  }

  private static boolean alike(String model, String json) {
    return AlikeJson.valid(ascii(json), 0, json.length(), ascii(model), 0, model.length());
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }

  private boolean said(JsonKind kind, byte[] model, byte[] object) {
    byte[] array = Arrays.copyOf(object, object.length + 50);
    Arrays.fill(array, object.length, array.length, (byte) 0xff);
    try {
      return likeness.complete(kind, model, array, object.length);
    } catch (MalformedProtoException e) {
      assertThat(complete(kind, object)).as("malformed to both").isFalse();
      return false;
    }
  }

  private boolean complete(JsonKind kind, byte[] object) {
    try {
      return transcoder.plain(kind, object, 0, object.length).complete();
    } catch (MalformedProtoException e) {
      return false;
    }
  }

  private static JsonKind kind(String apiVersion, String kind) {
    return Objects.requireNonNull(KubernetesTypes.kind(apiVersion, kind));
  }

  private static byte[] pod(String name, long created, String fields) {
    return new ProtoWriter()
        .message(
            1,
            new ProtoWriter()
                .string(1, name)
                .message(8, new ProtoWriter().int64(1, created))
                .message(11, new ProtoWriter().string(1, "app").string(2, name))
                .message(17, new ProtoWriter().message(7, new ProtoWriter().string(1, fields))))
        .message(3, new ProtoWriter().string(1, "Running").string(6, name))
        .toByteArray();
  }

  /** The object with a few bytes changed, in most cases only ones that lengths survive. */
  private static byte[] relative(byte[] original, Random random) {
    if (random.nextInt(4) == 0) {
      return Damage.inflict(original, original.length, random);
    }
    return Damage.misspell(original, random);
  }
}
