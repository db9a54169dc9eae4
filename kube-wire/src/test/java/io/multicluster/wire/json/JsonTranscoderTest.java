package io.multicluster.wire.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.proto.ClusterMark;
import io.multicluster.wire.proto.Damage;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.EventRenumbering;
import io.multicluster.wire.proto.Golden;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ObjectSplicer;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.proto.WatchEventType;
import io.multicluster.wire.proto.WatchFrames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTranscoderTest {
  private final LongAdder unknownFields = new LongAdder();
  private final JsonTranscoder transcoder = new JsonTranscoder(unknownFields);
  private final JsonKind pod = kind("v1", "Pod");
  private final ClusterMark mark = new ClusterMark("test1");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "core.v1.Pod",
        "core.v1.Event",
        "events.k8s.io.v1.Event",
        "core.v1.Node",
        "apps.v1.ReplicaSet",
        "core.v1.ConfigMap",
        "core.v1.Secret",
        "core.v1.Namespace"
      })
  void jsonIsThatOfKubernetesByteForByte(String type) {
    byte[] body = Golden.enveloped(type);
    Envelope.Content content = Envelope.open(body, 0, body.length);

    transcoder.plain(
        kind(content.apiVersion(), content.kind()), body, content.rawStart(), content.rawEnd());

    assertThat(indented(object())).isEqualTo(Golden.json(type));
    assertThat(unknownFields.sum()).isZero();
  }

  @Test
  void servedObjectIsTheJsonOfTheSplicedOne() {
    byte[] object = Golden.bare("core.v1.Pod");
    byte[] spliced = new ObjectSplicer().serve(object, 0, object.length, 8123, mark).toByteArray();
    transcoder.plain(pod, spliced, 0, spliced.length);
    String expected = object();

    transcoder.serve(pod, object, 0, object.length, 8123, mark);

    assertThat(object()).isEqualTo(expected);
    assertThat(expected)
        .contains("\"resourceVersion\":\"8123\"", "\"multicluster.io/cluster\":\"test1\"");
  }

  @Test
  void bothVersionsOfAnEventComeOutOfEither() {
    for (EventRenumbering renumbering : EventRenumbering.values()) {
      byte[] kept =
          Golden.bare(
              renumbering == EventRenumbering.CORE_TO_EVENTS_K8S_IO
                  ? "core.v1.Event"
                  : "events.k8s.io.v1.Event");
      JsonKind served = KubernetesTypes.event(renumbering);
      byte[] renumbered =
          new ObjectSplicer()
              .serveRenumbered(kept, 0, kept.length, 7, mark, renumbering)
              .toByteArray();
      transcoder.plain(kind(served.apiVersion(), "Event"), renumbered, 0, renumbered.length);
      String expected = object();

      transcoder.serve(served, kept, 0, kept.length, 7, mark);

      assertThat(object()).isEqualTo(expected);
    }
    assertThat(unknownFields.sum()).isZero();
  }

  @Test
  void partialObjectIsTheMetadataOfAnyKind() {
    byte[] object = Golden.bare("core.v1.Namespace");
    JsonKind partial = kind("meta.k8s.io/v1", "PartialObjectMetadata");
    transcoder.serve(partial, object, 0, object.length, 8123, mark);
    assertThat(object())
        .startsWith(
            "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\","
                + "\"metadata\":{\"name\":\"nameValue\"")
        .endsWith("}]}}");
    assertThat(unknownFields.sum()).isZero();
  }

  @Test
  void bookmarkOfPodsHasTheFieldsThatAreNeverLeftOut() {
    byte[] bookmark = WatchFrames.bookmarkObject(8123, true);
    ByteBuf out = Unpooled.buffer();
    transcoder
        .plain(pod, bookmark, 0, bookmark.length)
        .writeWatchFrame(out, WatchEventType.BOOKMARK);
    assertThat(out.toString(UTF_8))
        .isEqualTo(
            "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\","
                + "\"metadata\":{\"resourceVersion\":\"8123\","
                + "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}},"
                + "\"spec\":{\"containers\":null},\"status\":{}}}\n");
  }

  @Test
  void listItemHasNeitherKindNorApiVersion() {
    ByteBuf out = Unpooled.buffer();
    transcoder.plain(pod, new byte[0], 0, 0).writeItem(out);
    assertThat(out.toString(UTF_8))
        .isEqualTo("{\"metadata\":{},\"spec\":{\"containers\":null},\"status\":{}}");
  }

  @Test
  void emptyMessagesThatAreThereAreWrittenAndAbsentOnesAreNot() {
    byte[] object =
        new ProtoWriter()
            .message(
                2,
                new ProtoWriter()
                    .message(1, new ProtoWriter().string(1, "v").message(2, emptyDir()))
                    .message(14, new ProtoWriter()))
            .toByteArray();
    assertThat(item(object))
        .contains(
            "\"spec\":{\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}],"
                + "\"containers\":null,\"securityContext\":{}}");
  }

  private static ProtoWriter emptyDir() {
    return new ProtoWriter().message(2, new ProtoWriter());
  }

  @Test
  void pointersToZeroAreWrittenAndZerosAreNot() {
    ProtoWriter status = new ProtoWriter().string(1, "c").bool(4, false).int64(5, 0).bool(9, false);
    byte[] object =
        new ProtoWriter()
            .message(2, new ProtoWriter().bool(11, false).int64(25, 0))
            .message(3, new ProtoWriter().string(1, "").message(8, status))
            .toByteArray();
    assertThat(item(object))
        .contains("\"spec\":{\"containers\":null,\"priority\":0}")
        .contains(
            "\"containerStatuses\":[{\"name\":\"c\",\"state\":{},\"lastState\":{},"
                + "\"ready\":false,\"restartCount\":0,\"image\":\"\",\"imageID\":\"\","
                + "\"started\":false}]");
  }

  @Test
  void timesOfConditionsAreNullWhenZeroButCreationIsLeftOut() {
    byte[] object =
        new ProtoWriter()
            .message(1, new ProtoWriter().message(8, new ProtoWriter()))
            .message(3, new ProtoWriter().message(2, new ProtoWriter().string(1, "Ready")))
            .toByteArray();
    assertThat(item(object))
        .isEqualTo(
            "{\"metadata\":{},\"spec\":{\"containers\":null},\"status\":{\"conditions\":["
                + "{\"type\":\"Ready\",\"status\":\"\",\"lastProbeTime\":null,"
                + "\"lastTransitionTime\":null}]}}");
  }

  @Test
  void mapsOutOfOrderAreSortedAndTheLastOfTwoKeysCounts() {
    ProtoWriter metadata = new ProtoWriter();
    for (String entry : new String[] {"z1", "a2", "n3", "a4"}) {
      metadata.message(11, new ProtoWriter().string(1, entry.substring(0, 1)).string(2, entry));
    }
    metadata.message(11, new ProtoWriter().string(1, ClusterMark.LABEL).string(2, "inner"));
    byte[] object = new ProtoWriter().message(1, metadata).toByteArray();
    assertThat(item(object))
        .startsWith(
            "{\"metadata\":{\"labels\":{\"a\":\"a4\",\"multicluster.io/cluster\":\"inner\","
                + "\"n\":\"n3\",\"z\":\"z1\"}}");
    transcoder.serve(pod, object, 0, object.length, 5, mark);
    assertThat(object())
        .contains("\"a4\",\"multicluster.io/cluster\":\"test1\",\"n\":\"n3\",\"z\":\"z1\"}");
  }

  @Test
  void markReplacesThatOfAGatewayBelow() {
    byte[] object =
        new ProtoWriter()
            .message(
                1,
                new ProtoWriter()
                    .message(11, new ProtoWriter().string(1, ClusterMark.LABEL).string(2, "inner")))
            .toByteArray();
    transcoder.serve(pod, object, 0, object.length, 5, mark);
    assertThat(object())
        .contains("\"labels\":{\"multicluster.io/cluster\":\"test1\"}")
        .doesNotContain("inner");
  }

  @Test
  void fieldsMayComeInAnyOrderAndItemsApart() {
    byte[] object =
        new ProtoWriter()
            .message(3, new ProtoWriter().string(1, "Running"))
            .message(
                2,
                new ProtoWriter()
                    .message(2, new ProtoWriter().string(1, "a"))
                    .string(3, "Always")
                    .message(2, new ProtoWriter().string(1, "b")))
            .message(1, new ProtoWriter().string(3, "ns").string(1, "n"))
            .toByteArray();
    assertThat(item(object))
        .isEqualTo(
            "{\"metadata\":{\"name\":\"n\",\"namespace\":\"ns\"},\"spec\":{\"containers\":["
                + "{\"name\":\"a\",\"resources\":{}},{\"name\":\"b\",\"resources\":{}}],"
                + "\"restartPolicy\":\"Always\"},\"status\":{\"phase\":\"Running\"}}");
  }

  @Test
  void packedNumbersAreReadLikeUnpackedOnes() {
    byte[] packed =
        new ProtoWriter()
            .message(
                2,
                new ProtoWriter()
                    .message(14, new ProtoWriter().bytes(4, new byte[] {1, (byte) 0x80, 1})))
            .toByteArray();
    assertThat(item(packed)).contains("\"supplementalGroups\":[1,128]");
  }

  @Test
  void managedFieldsAreCompactedAndEscaped() {
    assertThat(
            item(
                managedFields(
                    "{ \"f:metadata\" : {\n\"f:a<b\":{} , \"v:\\\"&\\\"\":[1,-2.5e+3,true]}}")))
        .contains(
            "\"fieldsV1\":{\"f:metadata\":{\"f:a\\u003cb\":{},"
                + "\"v:\\\"\\u0026\\\"\":[1,-2.5e+3,true]}}");
  }

  @Test
  void embeddedJsonThatIsNoneCanNotBreakTheAnswer() {
    for (String broken :
        new String[] {
          "{",
          "}",
          "{}}",
          "{\"a\":1,}",
          "[1 2]",
          "\"",
          "{\"a\"}",
          "01",
          "1.",
          "nul",
          "\"\\x\"",
          "\"\\u12g4\"",
          "{},\"x\":1",
          "\"\n\"",
          "[".repeat(3000),
          "-",
          "{\"a\":\"b}"
        }) {
      unknownFields.reset();
      assertThat(item(managedFields(broken))).as(broken).contains("\"fieldsV1\":null");
      assertThat(unknownFields.sum()).isEqualTo(1);
    }
  }

  @Test
  void embeddedProtobufObjectsAreTranscodedToo() {
    ByteBuf enveloped = Unpooled.buffer();
    byte[] namespace = new ProtoWriter().message(1, new ProtoWriter().string(1, "n")).toByteArray();
    new Envelope("v1", "Namespace").write(enveloped, namespace, 0, namespace.length);
    byte[] raw = new byte[enveloped.readableBytes()];
    enveloped.readBytes(raw);
    byte[] list =
        new ProtoWriter()
            .message(1, new ProtoWriter().string(2, "5"))
            .message(2, new ProtoWriter().bytes(1, raw))
            .toByteArray();
    transcoder.plain(kind("v1", "List"), list, 0, list.length);
    assertThat(object())
        .isEqualTo(
            "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"5\"},"
                + "\"items\":[{\"kind\":\"Namespace\",\"apiVersion\":\"v1\","
                + "\"metadata\":{\"name\":\"n\"},\"spec\":{},\"status\":{}}]}");
  }

  @Test
  void claimsOfStatefulSetsHaveTheirKindAsOnAServer() {
    byte[] set =
        new ProtoWriter().message(2, new ProtoWriter().message(4, new ProtoWriter())).toByteArray();
    transcoder.plain(kind("apps/v1", "StatefulSet"), set, 0, set.length);
    assertThat(object())
        .contains(
            "\"volumeClaimTemplates\":[{\"kind\":\"PersistentVolumeClaim\",\"apiVersion\":\"v1\","
                + "\"metadata\":{},");
  }

  @Test
  void fieldsOfLaterReleasesAreLeftOutAndCounted() {
    byte[] object =
        new ProtoWriter()
            .message(2, new ProtoWriter().string(4711, "new").string(10, "node"))
            .toByteArray();
    assertThat(item(object)).contains("\"spec\":{\"containers\":null,\"nodeName\":\"node\"}");
    assertThat(unknownFields.sum()).isEqualTo(1);
  }

  @Test
  void objectsLargerThanTheBufferAreWritten() {
    String text = "<é\n".repeat(400_000);
    byte[] event = new ProtoWriter().string(4, text).toByteArray();
    transcoder.plain(kind("v1", "Event"), event, 0, event.length);
    assertThat(object()).contains("\"message\":\"" + "\\u003cé\\n".repeat(400_000) + "\"");
  }

  @Test
  void nothingIsLeftOfAFailedObject() {
    byte[] broken = new ProtoWriter().string(1, "\u0001").toByteArray();
    assertThatThrownBy(() -> transcoder.plain(pod, broken, 0, broken.length))
        .isInstanceOf(MalformedProtoException.class);
    assertThat(item(new byte[0]))
        .isEqualTo("{\"metadata\":{},\"spec\":{\"containers\":null},\"status\":{}}");
  }

  @Test
  void damagedObjectsAreTranscodedOrRefusedButNothingElse() {
    byte[] object = Golden.bare("core.v1.Pod");
    Random random = new Random(19);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = Damage.inflict(object, object.length, random);
      try {
        transcoder.serve(pod, damaged, 0, damaged.length, 8123, mark);
      } catch (MalformedProtoException e) {
        refused++;
      }
    }
    assertThat(refused).isBetween(1, 19_999);
  }

  private byte[] managedFields(String raw) {
    return new ProtoWriter()
        .message(
            1,
            new ProtoWriter()
                .message(17, new ProtoWriter().message(7, new ProtoWriter().string(1, raw))))
        .toByteArray();
  }

  private String item(byte[] object) {
    ByteBuf out = Unpooled.buffer();
    transcoder.plain(pod, object, 0, object.length).writeItem(out);
    return out.toString(UTF_8);
  }

  private String object() {
    ByteBuf out = Unpooled.buffer();
    transcoder.writeObject(out);
    return out.toString(UTF_8);
  }

  private static String indented(String json) {
    ByteBuf out = Unpooled.buffer();
    new JsonIndenter().indent(Unpooled.copiedBuffer(json, UTF_8), out);
    return out.toString(UTF_8);
  }

  private static JsonKind kind(String apiVersion, String kind) {
    return Objects.requireNonNull(KubernetesTypes.kind(apiVersion, kind), kind);
  }
}
