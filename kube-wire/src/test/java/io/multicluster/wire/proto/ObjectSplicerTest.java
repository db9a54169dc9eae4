package io.multicluster.wire.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ObjectSplicerTest {
  private final ObjectSplicer splicer = new ObjectSplicer();
  private final ClusterMark mark = new ClusterMark("test1");

  @Test
  void servedObjectHasItsResourceVersionAndItsClusterAndAllElseUntouched() {
    byte[] pod = Golden.bare("core.v1.Pod");

    byte[] served = splicer.serve(pod, 0, pod.length, 8123, mark).toByteArray();

    assertThat(fields(served)).hasSameSizeAs(fields(pod));
    assertThat(fields(served).subList(1, 3)).isEqualTo(fields(pod).subList(1, 3));
    List<String> expected = new ArrayList<>(fields(metadataOf(pod)));
    expected.set(5, field(new ProtoWriter().string(6, "8123")));
    expected.add(11, field(entry(11, ClusterMark.LABEL, "test1")));
    expected.add(12, field(entry(12, "resource.karmada.io/cached-from-cluster", "test1")));
    // "annotationsKey" sorts before "resource…", "labelsKey" before "multicluster…".
    String annotation = expected.remove(12);
    expected.add(13, annotation);
    assertThat(fields(metadataOf(served))).isEqualTo(expected);
  }

  @Test
  void markTakesItsSortedPlaceBetweenOtherLabels() {
    byte[] object =
        object(entry(11, "app", "a"), entry(11, "pod-template-hash", "h"), entry(12, "z", ""));

    byte[] served = splicer.serve(object, 0, object.length, 1, mark).toByteArray();

    assertThat(served)
        .isEqualTo(
            object(
                new ProtoWriter().string(6, "1"),
                entry(11, "app", "a"),
                entry(11, ClusterMark.LABEL, "test1"),
                entry(11, "pod-template-hash", "h"),
                entry(12, ClusterMark.ANNOTATION, "test1"),
                entry(12, "z", "")));
  }

  @Test
  void markReplacesThatOfAGatewayBelow() {
    byte[] object =
        object(
            new ProtoWriter().string(6, "99"),
            entry(11, ClusterMark.LABEL, "inner"),
            entry(12, ClusterMark.ANNOTATION, "inner"));

    byte[] served = splicer.serve(object, 0, object.length, 100, mark).toByteArray();

    assertThat(served)
        .isEqualTo(
            object(
                new ProtoWriter().string(6, "100"),
                entry(11, ClusterMark.LABEL, "test1"),
                entry(12, ClusterMark.ANNOTATION, "test1")));
  }

  @Test
  void objectWithoutMetadataGetsThem() {
    byte[] served = splicer.serve(new byte[0], 0, 0, 5, mark).toByteArray();
    assertThat(served)
        .isEqualTo(
            object(
                new ProtoWriter().string(6, "5"),
                entry(11, ClusterMark.LABEL, "test1"),
                entry(12, ClusterMark.ANNOTATION, "test1")));
  }

  @Test
  void restoredObjectIsWhatTheMemberSent() {
    byte[] pod = Golden.bare("core.v1.Pod");
    byte[] served = splicer.serve(pod, 0, pod.length, Long.MAX_VALUE, mark).toByteArray();

    byte[] restored =
        splicer.restore(served, 0, served.length, "resourceVersionValue").toByteArray();

    assertThat(restored).isEqualTo(pod);
  }

  @Test
  void restoringWithoutResourceVersionLeavesTheObjectsOwn() {
    byte[] pod = Golden.bare("core.v1.Pod");
    assertThat(splicer.restore(pod, 0, pod.length, null).toByteArray()).isEqualTo(pod);
  }

  @Test
  void randomMetadataComeOutAsAMapModelSays() {
    Random random = new Random(3);
    String[] keys = {"a", "multicluster.io", ClusterMark.LABEL, "multicluster.io/clustez", "z", ""};
    for (int i = 0; i < 3_000; i++) {
      Map<String, String> labels = new TreeMap<>();
      for (String key : keys) {
        if (random.nextBoolean()) {
          labels.put(key, "v".repeat(random.nextInt(200)));
        }
      }
      ProtoWriter metadata = new ProtoWriter().string(1, "n".repeat(random.nextInt(100)));
      labels.forEach((k, v) -> append(metadata, entry(11, k, v)));
      byte[] object =
          new ProtoWriter().message(1, metadata).string(2, "x".repeat(200)).toByteArray();
      long resourceVersion = 1 + (random.nextLong() >>> (1 + random.nextInt(62)));

      byte[] served = splicer.serve(object, 0, object.length, resourceVersion, mark).toByteArray();

      ObjectMeta scanned = ObjectMeta.scan(served, 0, served.length, new StringPool(8));
      labels.put(ClusterMark.LABEL, "test1");
      assertThat(scanned.labels()).isEqualTo(Labels.of(labels));
      assertThat(scanned.resourceVersion()).isEqualTo(Long.toString(resourceVersion));
      assertThat(splicer.size()).isEqualTo(served.length);
      assertThat(fields(served).getLast()).isEqualTo(fields(object).getLast());
    }
  }

  @Test
  void managedFieldsAreDroppedAndNothingElse() {
    byte[] pod = Golden.bare("core.v1.Pod");

    byte[] slim = splicer.withoutManagedFields(pod, 0, pod.length).toByteArray();

    List<String> expected = new ArrayList<>(fields(metadataOf(pod)));
    expected.removeIf(field -> field.startsWith("8a01"));
    assertThat(fields(metadataOf(slim))).isEqualTo(expected);
    assertThat(fields(slim).subList(1, 3)).isEqualTo(fields(pod).subList(1, 3));
  }

  @Test
  void partialObjectIsTheServedMetadataAlone() {
    byte[] pod = Golden.bare("core.v1.Pod");
    byte[] served = splicer.serve(pod, 0, pod.length, 8123, mark).toByteArray();
    byte[] partial = splicer.serveMetadata(pod, 0, pod.length, 8123, mark).toByteArray();
    assertThat(fields(partial)).isEqualTo(fields(served).subList(0, 1));
  }

  @Test
  void eventsOfBothVersionsTurnIntoEachOther() {
    byte[] core = Golden.bare("core.v1.Event");

    byte[] other =
        splicer
            .serveRenumbered(core, 0, core.length, 7, mark, EventRenumbering.CORE_TO_EVENTS_K8S_IO)
            .toByteArray();
    byte[] back =
        splicer
            .serveRenumbered(
                other, 0, other.length, 7, mark, EventRenumbering.EVENTS_K8S_IO_TO_CORE)
            .toByteArray();

    assertThat(back).isEqualTo(splicer.serve(core, 0, core.length, 7, mark).toByteArray());
    assertThat(numbers(other)).isSorted().hasSize(15);
    ProtoReader r = new ProtoReader(other);
    while (r.next()) {
      switch (r.field()) {
        case 4 -> assertThat(r.string()).isEqualTo("reportingComponentValue");
        case 7 -> assertThat(r.string()).isEqualTo("reasonValue");
        case 10 -> assertThat(r.string()).isEqualTo("messageValue");
        case 15 -> assertThat(r.int32()).isEqualTo(8);
        default -> {}
      }
    }
  }

  @Test
  void fieldsThatNeitherEventVersionKnowsKeepTheirNumbers() {
    byte[] event = new ProtoWriter().string(2, "x").string(4000, "new").toByteArray();
    byte[] other =
        splicer
            .serveRenumbered(
                event, 0, event.length, 7, mark, EventRenumbering.CORE_TO_EVENTS_K8S_IO)
            .toByteArray();
    assertThat(numbers(other)).containsExactly(1, 8, 4000);
  }

  @Test
  void watchFrameIsLengthTypeAndEnvelopedObject() {
    byte[] object = HexFormat.of().parseHex("0a0432023132");
    ByteBuf out = Unpooled.buffer();
    splicer
        .restore(object, 0, object.length, null)
        .writeWatchFrame(out, WatchEventType.BOOKMARK, new Envelope("v1", "Pod"));
    assertThat(ByteBufUtil.hexDump(out))
        .isEqualTo(
            "00000029"
                + "0a08"
                + HexFormat.of().formatHex("BOOKMARK".getBytes(StandardCharsets.US_ASCII))
                + "121d0a1b6b3873000a090a0276311203506f6412060a04320231321a002200");
  }

  @Test
  void bookmarkTellsItsResourceVersionAndTheEndOfTheInitialEvents() {
    byte[] object = WatchFrames.bookmarkObject(8123, true);
    assertThat(object)
        .isEqualTo(
            object(
                new ProtoWriter().string(6, "8123"),
                entry(12, "k8s.io/initial-events-end", "true")));
    assertThat(WatchFrames.bookmarkObject(8123, false))
        .isEqualTo(object(new ProtoWriter().string(6, "8123")));
  }

  @Test
  void listItemHasItsTagAndTheSizeToldBefore() {
    byte[] object = object(entry(11, "app", "a"));
    ByteBuf out = Unpooled.buffer();
    splicer.serve(object, 0, object.length, 1, mark).writeItem(out);
    assertThat(out.readableBytes()).isEqualTo(splicer.itemSize());
    ProtoReader list = new ProtoReader(ByteBufUtil.getBytes(out));
    assertThat(list.next()).isTrue();
    assertThat(list.field()).isEqualTo(2);
    assertThat(list.valueLength()).isEqualTo(splicer.size());
  }

  @Test
  void damagedObjectsAreSplicedOrRefusedButNothingElse() {
    byte[] pod = Golden.bare("core.v1.Pod");
    Random random = new Random(13);
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = Damage.inflict(pod, 400, random);
      try {
        byte[] served = splicer.serve(damaged, 0, damaged.length, 8123, mark).toByteArray();
        assertThat(served).hasSize(splicer.size());
      } catch (MalformedProtoException e) {
        assertThat(e).hasMessageMatching("(?s).+");
      }
    }
  }

  @Test
  void resourceVersionsArePositive() {
    assertThatThrownBy(() -> splicer.serve(new byte[0], 0, 0, 0, mark))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static byte[] object(ProtoWriter... metadataFields) {
    ProtoWriter metadata = new ProtoWriter();
    for (ProtoWriter field : metadataFields) {
      append(metadata, field);
    }
    return new ProtoWriter().message(1, metadata).toByteArray();
  }

  private static ProtoWriter entry(int field, String key, String value) {
    return new ProtoWriter().message(field, new ProtoWriter().string(1, key).string(2, value));
  }

  private static void append(ProtoWriter target, ProtoWriter field) {
    byte[] bytes = field.toByteArray();
    target.raw(bytes, 0, bytes.length);
  }

  private static String field(ProtoWriter field) {
    return HexFormat.of().formatHex(field.toByteArray());
  }

  private static byte[] metadataOf(byte[] object) {
    ProtoReader r = new ProtoReader(object);
    while (r.next()) {
      if (r.field() == 1) {
        return Arrays.copyOfRange(object, r.valueStart(), r.valueEnd());
      }
    }
    throw new AssertionError("no metadata");
  }

  private static List<String> fields(byte[] message) {
    List<String> fields = new ArrayList<>();
    ProtoReader r = new ProtoReader(message);
    while (r.next()) {
      fields.add(HexFormat.of().formatHex(message, r.fieldStart(), r.valueEnd()));
    }
    return fields;
  }

  private static List<Integer> numbers(byte[] message) {
    List<Integer> numbers = new ArrayList<>();
    ProtoReader r = new ProtoReader(message);
    while (r.next()) {
      numbers.add(r.field());
    }
    return numbers;
  }
}
