package io.multicluster.wire.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.proto.ClusterMark;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.EventRenumbering;
import io.multicluster.wire.proto.ListSplitter;
import io.multicluster.wire.proto.ObjectSplicer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Random objects, with the JSON that Go's encoder made of them: see kube-wire/generator/samples.
 */
class RandomObjectsTest {
  private final LongAdder unknownFields = new LongAdder();
  private final JsonTranscoder transcoder = new JsonTranscoder(unknownFields);
  private final ObjectSplicer splicer = new ObjectSplicer();
  private final ClusterMark mark = new ClusterMark("test1");
  private final List<Sample> samples = samples();

  private record Sample(JsonKind kind, byte[] message, String json) {}

  @Test
  void jsonIsThatOfGoByteForByte() {
    for (Sample sample : samples) {
      byte[] message = sample.message();
      transcoder.plain(sample.kind(), message, 0, message.length);
      assertThat(
              write(transcoder::writeItem)
                  // Go's types alone don't know what API servers fill in there.
                  .replace("{\"kind\":\"PersistentVolumeClaim\",\"apiVersion\":\"v1\",", "{"))
          .as("%s", sample.kind())
          .isEqualTo(sample.json());
    }
    assertThat(samples).hasSize(65);
    assertThat(unknownFields.sum()).isZero();
  }

  @Test
  void servedJsonIsThatOfTheSplicedObject() {
    for (Sample sample : objects()) {
      byte[] message = sample.message();
      byte[] spliced = splicer.serve(message, 0, message.length, 8123, mark).toByteArray();
      transcoder.plain(sample.kind(), spliced, 0, spliced.length);
      String expected = write(transcoder::writeObject);

      transcoder.serve(sample.kind(), message, 0, message.length, 8123, mark);

      assertThat(write(transcoder::writeObject)).as("%s", sample.kind()).isEqualTo(expected);
    }
  }

  @Test
  void restoredObjectsAreWhatWasServed() {
    for (Sample sample : objects()) {
      byte[] message = sample.message();
      byte[] plain = splicer.restore(message, 0, message.length, "77").toByteArray();
      byte[] served = splicer.serve(plain, 0, plain.length, 8123, mark).toByteArray();
      assertThat(splicer.restore(served, 0, served.length, "77").toByteArray())
          .as("%s", sample.kind())
          .isEqualTo(plain);
    }
  }

  @Test
  void eventsAreTheSameAfterTwoRenumberings() {
    EventRenumbering there = EventRenumbering.CORE_TO_EVENTS_K8S_IO;
    EventRenumbering back = EventRenumbering.EVENTS_K8S_IO_TO_CORE;
    for (Sample sample : objects()) {
      if (!sample.kind().toString().equals("v1 Event")) {
        continue;
      }
      byte[] core =
          splicer.restore(sample.message(), 0, sample.message().length, "77").toByteArray();
      byte[] other = splicer.serveRenumbered(core, 0, core.length, 8, mark, there).toByteArray();
      byte[] again = splicer.serveRenumbered(other, 0, other.length, 9, mark, back).toByteArray();
      assertThat(splicer.restore(again, 0, again.length, "77").toByteArray()).isEqualTo(core);
    }
  }

  @Test
  void splitListsHaveTheItemsOfTheirJson() {
    for (Sample sample : samples) {
      if (!sample.kind().kind().equals("PodList")) {
        continue;
      }
      ByteBuf body = Unpooled.buffer();
      new Envelope("v1", "PodList").write(body, sample.message(), 0, sample.message().length);
      List<String> items = new ArrayList<>();
      ListSplitter splitter =
          new ListSplitter((item, length) -> {
            transcoder.plain(kind("v1", "Pod"), item, 0, length);
            items.add(write(transcoder::writeItem));
          });
      splitter.accept(body);
      splitter.finish();
      assertThat(sample.json())
          .endsWith(
              "\"items\":"
                  + (items.isEmpty() ? "null" : "[" + String.join(",", items) + "]")
                  + "}");
    }
  }

  @Test
  void objectWrittenIntoOtherJsonIsThatWrittenAlone() {
    JsonWriter writer = new JsonWriter();
    Sample sample = objects().getFirst();
    transcoder.plain(sample.kind(), sample.message(), 0, sample.message().length);
    writer.beginObject().name("object");
    transcoder.writeObject(writer);
    writer.name("more").value(1).endObject();
    assertThat(write(writer::drainTo))
        .isEqualTo("{\"object\":" + write(transcoder::writeObject) + ",\"more\":1}");
  }

  private List<Sample> objects() {
    return samples.stream().filter(sample -> !sample.kind().kind().endsWith("List")).toList();
  }

  private static String write(Consumer<ByteBuf> body) {
    ByteBuf out = Unpooled.buffer();
    body.accept(out);
    return out.toString(UTF_8);
  }

  private static JsonKind kind(String apiVersion, String kind) {
    return Objects.requireNonNull(KubernetesTypes.kind(apiVersion, kind), kind);
  }

  private static List<Sample> samples() {
    try (InputStream in = RandomObjectsTest.class.getResourceAsStream("random-objects.txt")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
      List<Sample> samples = new ArrayList<>();
      for (String line : text.lines().toList()) {
        String[] words = line.split(" ", 4);
        samples.add(
            new Sample(kind(words[0], words[1]), Base64.getDecoder().decode(words[2]), words[3]));
      }
      return samples;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
