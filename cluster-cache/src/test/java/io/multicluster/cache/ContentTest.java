package io.multicluster.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.resource.GroupVersionResource;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is kept of objects stands for exactly the bytes that came in. */
class ContentTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void deltasToAnythingGiveBackTheirObject(long seed) {
    Random random = new Random(seed);
    DeltaEncoder encoder = new DeltaEncoder();
    for (int i = 0; i < 2_000; i++) {
      byte[] template = new byte[random.nextInt(600)];
      // Few different bytes, so that much recurs in several places.
      for (int j = 0; j < template.length; j++) {
        template[j] = (byte) random.nextInt(1 + random.nextInt(4));
      }
      Whole whole = new Whole(template, true);
      for (int k = 0; k < 3; k++) {
        byte[] object = edited(template, random);
        Delta delta = encoder.encode(whole, object, object.length, Integer.MAX_VALUE);
        assertThat(delta).isNotNull();
        assertGivesBack(delta, object);
        assertThat(delta.sameAs(new Whole(object, true))).isTrue();
        assertThat(new Whole(object, true).sameAs(delta)).isTrue();
        byte[] other = edited(template, random);
        assertThat(delta.sameAs(new Whole(other, true))).isEqualTo(Arrays.equals(object, other));
      }
    }
  }

  @Test
  void deltasThatAreNotWorthItAreNotMade() {
    Random random = new Random(7);
    DeltaEncoder encoder = new DeltaEncoder();
    for (int i = 0; i < 500; i++) {
      byte[] template = new byte[2_000];
      random.nextBytes(template);
      Whole whole = new Whole(template, true);
      byte[] object = edited(template, random);
      Delta delta = encoder.encode(whole, object, object.length, 150);
      if (delta != null) {
        assertThat(delta.footprint()).isLessThanOrEqualTo(150 + 48);
        assertGivesBack(delta, object);
      }
    }
    byte[] stranger = new byte[2_000];
    random.nextBytes(stranger);
    assertThat(encoder.encode(new Whole(new byte[2_000], true), stranger, stranger.length, 500))
        .isNull();
  }

  @Test
  void podsOfOneOwnerTakeAFractionOfTheirBytes() {
    Compactor compactor = new Compactor(new Templates());
    long kept = 0;
    long size = 0;
    for (int number = 0; number < 20; number++) {
      byte[] pod = SyntheticPods.pod(number, 1_000_000_000L + number);
      Content content = compactor.compact("owner", pod, pod.length, true);
      assertGivesBack(content, pod);
      kept += content.footprint();
      size += pod.length;
    }
    assertThat(kept).isLessThan(size / 6);
  }

  @Test
  void anObjectThatDiffersFromItsFamilyBecomesTheirTemplate() {
    Compactor compactor = new Compactor(new Templates());
    byte[] pending = TestObjects.pod("a", "p1", "u1", 5, Map.of("app", "x"), "", "Pending");
    byte[] running = SyntheticPods.pod(1, 1);
    byte[] another = SyntheticPods.pod(2, 2);
    assertThat(compactor.compact("owner", pending, pending.length, true)).isInstanceOf(Whole.class);
    assertThat(compactor.compact("owner", running, running.length, true)).isInstanceOf(Whole.class);
    assertThat(compactor.compact("owner", another, another.length, true)).isInstanceOf(Delta.class);
    assertThat(compactor.compact("another", another, another.length, true))
        .isInstanceOf(Whole.class);
  }

  @Test
  void managedFieldsAreLeftOutIfNobodyWantsThem() {
    byte[] pod = SyntheticPods.pod(1, 1);
    CachedObject all = read(CachedKind.PODS, pod, true);
    CachedObject pruned = read(CachedKind.PODS, pod, false);
    assertThat(new String(all.bytes(), UTF_8)).contains("kube-controller-manager", "f:status");
    assertThat(new String(pruned.bytes(), UTF_8))
        .doesNotContain("kube-controller-manager", "f:status")
        .contains("multicluster.io/cluster", "SETTING_NUMBER_11");
    CachedKind kind =
        new CachedKind(
            new GroupVersionResource("example.com", "v1", "things"),
            "Thing",
            true,
            CachedKind.Encoding.JSON);
    byte[] thing =
        """
        {"metadata":{"name":"x","namespace":"a","resourceVersion":"5","managedFields":[{}]},"a":1}
        """
            .getBytes(UTF_8);
    assertThat(new String(read(kind, thing, true).bytes(), UTF_8)).contains("managedFields");
    assertThat(new String(read(kind, thing, false).bytes(), UTF_8))
        .doesNotContain("managedFields")
        .contains("\"a\":1");
  }

  private static CachedObject read(CachedKind kind, byte[] object, boolean managedFields) {
    Origin origin = new Origin(new Member("east", "uid"));
    return ObjectReader.of(kind, origin, new Templates(), new LongAdder(), managedFields)
        .read(object.clone(), object.length);
  }

  private static void assertGivesBack(Content content, byte[] object) {
    assertThat(content.size()).isEqualTo(object.length);
    assertThat(content.copy()).isEqualTo(object);
    ByteBuf out = Unpooled.buffer();
    out.writeByte(42);
    content.writeTo(out);
    assertThat(out.readByte()).isEqualTo((byte) 42);
    assertThat(ByteBufUtil.getBytes(out)).isEqualTo(object);
  }

  /** Parts left out, repeated, swapped, put in, overwritten. */
  private static byte[] edited(byte[] source, Random random) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int at = 0;
    while (at < source.length) {
      int length = Math.min(source.length - at, random.nextInt(80));
      switch (random.nextInt(8)) {
        case 0 -> {}
        case 1 -> {
          byte[] other = new byte[random.nextInt(20)];
          random.nextBytes(other);
          out.writeBytes(other);
        }
        case 2 -> {
          int from = random.nextInt(source.length);
          out.write(source, from, Math.min(length, source.length - from));
        }
        default -> out.write(source, at, length);
      }
      at += length;
    }
    return out.toByteArray();
  }
}
