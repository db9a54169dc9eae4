package io.multicluster.wire.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.proto.Damage;
import io.multicluster.wire.proto.Golden;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ProtoWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class JsonSampleTest {
  private final LongAdder leftOut = new LongAdder();
  private final JsonTranscoder transcoder = new JsonTranscoder(leftOut);
  private final JsonKind pod = Objects.requireNonNull(KubernetesTypes.kind("v1", "Pod"));
  private final JsonKind metadata =
      Objects.requireNonNull(KubernetesTypes.kind("meta.k8s.io/v1", "PartialObjectMetadata"));

  @Test
  void jsonIsTheSameWhateverObjectTheSampleIsOf() {
    byte[] original = Golden.bare("core.v1.Pod");
    for (JsonKind kind : List.of(pod, metadata)) {
      for (int seed = 0; seed < 4000; seed++) {
        Random random = new Random(seed);
        byte[] one = relative(original, random);
        byte[] other = relative(original, random);
        JsonSample sample;
        try {
          sample = sample(kind, one);
        } catch (MalformedProtoException e) {
          continue;
        }
        String expected = answer(() -> transcoder.plain(kind, other, 0, other.length));
        assertThat(answer(() -> like(sample, kind, other)))
            .as("%s, seed %d", kind, seed)
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void objectThatASampleIsMadeOfIsWrittenAsAnyOther() {
    byte[] object = Golden.bare("core.v1.Pod");
    String expected = answer(() -> transcoder.plain(pod, object, 0, object.length));
    assertThat(
            answer(() -> {
              sample(pod, object);
              return transcoder;
            }))
        .isEqualTo(expected);
  }

  @Test
  void whatIsEqualIsTakenOverWithoutReadingItAgain() {
    JsonSample sample = sample(pod, podNamed("one", 7));
    assertThat(leftOut.sum()).as("an unknown field in the container").isEqualTo(1);

    assertThat(answer(() -> like(sample, pod, podNamed("another", 7))))
        .contains("another", "nginx");
    assertThat(leftOut.sum()).as("taken over").isEqualTo(1);

    like(sample, pod, podNamed("one", 8));
    assertThat(leftOut.sum()).as("different, so read").isEqualTo(2);
  }

  /** Of an object in an array that is longer, and used for something else afterwards. */
  private JsonSample sample(JsonKind kind, byte[] object) {
    byte[] array = roomy(object);
    JsonSample sample = transcoder.sample(kind, array, object.length);
    Arrays.fill(array, (byte) 0xff);
    return sample;
  }

  private JsonTranscoder like(JsonSample sample, JsonKind kind, byte[] object) {
    return transcoder.like(sample, kind, roomy(object), object.length);
  }

  private static byte[] roomy(byte[] object) {
    byte[] array = Arrays.copyOf(object, object.length + 50);
    Arrays.fill(array, object.length, array.length, (byte) 0xff);
    return array;
  }

  /** A pod whose container has a field that no table knows. */
  private static byte[] podNamed(String name, long unknown) {
    return new ProtoWriter()
        .message(1, new ProtoWriter().string(1, name))
        .message(
            2,
            new ProtoWriter().message(2, new ProtoWriter().string(1, "nginx").int64(500, unknown)))
        .toByteArray();
  }

  /** The object with a few bytes changed, in half of the cases only ones that lengths survive. */
  private static byte[] relative(byte[] original, Random random) {
    if (random.nextBoolean()) {
      return Damage.inflict(original, original.length, random);
    }
    return Damage.misspell(original, random);
  }

  /** The JSON, or that there is none. */
  private static String answer(Supplier<JsonTranscoder> read) {
    ByteBuf out = Unpooled.buffer();
    try {
      read.get().writeObject(out);
    } catch (MalformedProtoException e) {
      return "malformed";
    }
    return out.toString(UTF_8);
  }
}
