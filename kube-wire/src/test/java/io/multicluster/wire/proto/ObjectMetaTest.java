package io.multicluster.wire.proto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ObjectMetaTest {
  private final StringPool pool = new StringPool(64);

  private ObjectMeta scan(byte[] object) {
    return ObjectMeta.scan(object, 0, object.length, pool);
  }

  @Test
  void everythingThatFindsAnObjectIsLifted() {
    assertThat(scan(Golden.bare("core.v1.Pod")))
        .isEqualTo(
            new ObjectMeta(
                "nameValue",
                "namespaceValue",
                "uidValue",
                "resourceVersionValue",
                1199149261,
                true,
                Labels.of(Map.of("labelsKey", "labelsValue")),
                List.of(
                    new ObjectMeta.OwnerReference(
                        "apiVersionValue", "kindValue", "nameValue", "uidValue", true))));
  }

  @Test
  void objectWithoutMetadataHasEmptyOnes() {
    ObjectMeta metadata = scan(new byte[0]);
    assertThat(metadata.name()).isEmpty();
    assertThat(metadata.creationSeconds()).isEqualTo(ObjectMeta.NO_TIME);
    assertThat(metadata.labels()).isEqualTo(Labels.EMPTY);
    assertThat(metadata.controller()).isNull();
  }

  @Test
  void emptyTimeIsNoneButZeroSecondsAre1970() {
    byte[] none = metadata(new ProtoWriter().message(8, new ProtoWriter()));
    byte[] epoch = metadata(new ProtoWriter().message(8, new ProtoWriter().int64(2, 0)));
    assertThat(scan(none).creationSeconds()).isEqualTo(ObjectMeta.NO_TIME);
    assertThat(scan(epoch).creationSeconds()).isZero();
  }

  @Test
  void lastOfTwoLabelsWithOneKeyCounts() {
    ProtoWriter labels = new ProtoWriter();
    for (String value : List.of("first", "second")) {
      labels.message(11, new ProtoWriter().string(1, "app").string(2, value));
    }
    labels.message(11, new ProtoWriter().string(1, "empty"));
    ObjectMeta scanned = scan(metadata(labels));
    assertThat(scanned.labels().get("app")).isEqualTo("second");
    assertThat(scanned.labels().get("empty")).isEmpty();
    assertThat(scanned.labels().get("absent")).isNull();
    assertThat(scanned.labels().size()).isEqualTo(2);
  }

  @Test
  void twoMetadataAreRefused() {
    byte[] twice =
        new ProtoWriter()
            .message(1, new ProtoWriter().string(1, "a"))
            .message(1, new ProtoWriter().string(1, "b"))
            .toByteArray();
    assertThatThrownBy(() -> scan(twice)).isInstanceOf(MalformedProtoException.class);
  }

  @Test
  void recurringStringsAreShared() {
    byte[] pod = Golden.bare("core.v1.Pod");
    assertThat(scan(pod).namespace()).isSameAs(scan(pod).namespace());
  }

  @Test
  void pooledStringsEqualTheirBytesWhateverTheyAre() {
    Random random = new Random(7);
    StringPool small = new StringPool(4);
    for (int i = 0; i < 10_000; i++) {
      byte[] bytes = new byte[random.nextInt(random.nextInt(8) == 0 ? 140 : 6)];
      for (int j = 0; j < bytes.length; j++) {
        bytes[j] = (byte) (random.nextInt(8) == 0 ? random.nextInt() : 'a' + random.nextInt(2));
      }
      assertThat(small.get(bytes, 0, bytes.length)).isEqualTo(new String(bytes, UTF_8));
    }
  }

  @Test
  void pooledStringsThatRecurStayThoughTheyShareTheirPlaces() {
    StringPool onePair = new StringPool(2);
    String app = pooled(onePair, "app");
    assertThat(pooled(onePair, "app")).isSameAs(app);
    String tier = pooled(onePair, "tier");
    for (int i = 0; i < 10; i++) {
      assertThat(pooled(onePair, "app")).isSameAs(app);
      assertThat(pooled(onePair, "tier")).isSameAs(tier);
    }
    for (int i = 0; i < 10; i++) {
      assertThat(pooled(onePair, "never-again-" + i)).isEqualTo("never-again-" + i);
      assertThat(pooled(onePair, "tier")).isSameAs(tier);
    }
  }

  private static String pooled(StringPool pool, String text) {
    byte[] bytes = ("before " + text + " behind").getBytes(UTF_8);
    return pool.get(bytes, 7, 7 + text.length());
  }

  @Test
  void damagedObjectsAreReadOrRefusedButNothingElse() {
    byte[] pod = Golden.bare("core.v1.Pod");
    Random random = new Random(11);
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = Damage.inflict(pod, 400, random);
      try {
        assertThat(scan(damaged)).isNotNull();
      } catch (MalformedProtoException e) {
        assertThat(e).hasMessageMatching("(?s).+");
      }
    }
  }

  private static byte[] metadata(ProtoWriter content) {
    return new ProtoWriter().message(1, content).toByteArray();
  }
}
