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
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class SplittersTest {
  private final Random random = new Random(17);

  @Nested
  class Lists {
    private final List<byte[]> items = new ArrayList<>();

    private void item(byte[] object, int length) {
      items.add(Arrays.copyOf(object, length));
      Arrays.fill(object, (byte) 0xff);
    }

    @Test
    void itemsComeOutWholeWhereverTheChunksEnd() {
      List<byte[]> expected = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        expected.add(i % 7 == 0 ? new byte[0] : Golden.bare("core.v1.Event"));
      }
      ListMeta metadata = new ListMeta("8123", "next", 77L);
      byte[] body = list(metadata, expected);
      for (int i = 0; i < 200; i++) {
        items.clear();
        ListSplitter splitter = new ListSplitter(this::item);
        inChunks(body, splitter::accept);
        assertThat(splitter.finish()).isEqualTo(metadata);
        assertThat(items).usingElementComparator(Arrays::compare).isEqualTo(expected);
      }
    }

    @Test
    void itemIsPassedOnBeforeTheNextArrives() {
      byte[] body = list(new ListMeta("1", "", null), List.of(new byte[100], new byte[100]));
      ListSplitter splitter = new ListSplitter(this::item);
      splitter.accept(Unpooled.wrappedBuffer(body, 0, body.length - 50));
      assertThat(items).hasSize(1);
    }

    @Test
    void emptyListHasNoItemsButMetadata() {
      ListSplitter splitter = new ListSplitter(this::item);
      splitter.accept(Unpooled.wrappedBuffer(list(new ListMeta("5", "", null), List.of())));
      assertThat(splitter.finish()).isEqualTo(new ListMeta("5", "", null));
      assertThat(items).isEmpty();
    }

    @Test
    void cutOffListIsNoticedAtTheEnd() {
      byte[] body = list(new ListMeta("1", "", null), List.of(new byte[100], new byte[100]));
      for (int length = 0; length < body.length - 4; length++) {
        ListSplitter splitter = new ListSplitter(this::item);
        splitter.accept(Unpooled.wrappedBuffer(body, 0, length));
        assertThatThrownBy(splitter::finish)
            .as("after %d of %d bytes", length, body.length)
            .isInstanceOf(MalformedProtoException.class);
      }
    }

    @Test
    void itemAboveTheLimitIsRefusedBeforeItArrives() {
      ProtoWriter list = new ProtoWriter().raw(new byte[] {0x12}, 0, 1);
      ByteBuf body = Unpooled.buffer();
      new Envelope("v1", "PodList").writeHead(body, 1L << 31);
      list.writeTo(body);
      ProtoWriter.writeVarint(body, ListSplitter.MAX_ITEM_BYTES + 1);
      ListSplitter splitter = new ListSplitter(this::item);
      assertThatThrownBy(() -> splitter.accept(body))
          .isInstanceOf(MalformedProtoException.class)
          .hasMessageContaining("16777217");
    }

    @Test
    void jsonIsRefused() {
      ListSplitter splitter = new ListSplitter(this::item);
      ByteBuf json = Unpooled.copiedBuffer("{\"kind\":", StandardCharsets.UTF_8);
      assertThatThrownBy(() -> splitter.accept(json)).isInstanceOf(MalformedProtoException.class);
    }

    @Test
    void damagedListsAreSplitOrRefusedButNothingElse() {
      byte[] body =
          list(
              new ListMeta("8123", "next", 77L), List.of(new byte[20], new byte[0], new byte[300]));
      for (int i = 0; i < 20_000; i++) {
        ListSplitter splitter = new ListSplitter(this::item);
        try {
          inChunks(Damage.inflict(body, 80, random), splitter::accept);
          assertThat(splitter.finish()).isNotNull();
        } catch (MalformedProtoException e) {
          assertThat(e).hasMessageMatching("(?s).+");
        }
      }
    }

    private byte[] list(ListMeta metadata, List<byte[]> contents) {
      byte[] head = metadata.toField();
      ProtoWriter list = new ProtoWriter().raw(head, 0, head.length);
      contents.forEach(item -> list.bytes(2, item));
      byte[] raw = list.toByteArray();
      ByteBuf out = Unpooled.buffer();
      new Envelope("v1", "EventList").write(out, raw, 0, raw.length);
      return ByteBufUtil.getBytes(out);
    }
  }

  @Nested
  class Watches {
    private final List<String> events = new ArrayList<>();
    private final WatchFrameSplitter splitter =
        new WatchFrameSplitter((type, apiVersion, kind, object, length) -> {
          events.add(
              "%s %s %s %s"
                  .formatted(type, apiVersion, kind, HexFormat.of().formatHex(object, 0, length)));
          Arrays.fill(object, (byte) 0xff);
        });

    @Test
    void eventsComeOutWholeWhereverTheChunksEnd() {
      List<String> expected = new ArrayList<>();
      ByteBuf stream = Unpooled.buffer();
      List<WatchEventType> types = List.of(WatchEventType.values());
      Envelope pod = new Envelope("v1", "Pod");
      Envelope status = new Envelope("v1", "Status");
      for (int i = 0; i < 300; i++) {
        byte[] object = new byte[random.nextInt(300)];
        if (object.length > 0) {
          object = new ProtoWriter().bytes(5, object).toByteArray();
        }
        WatchEventType type = types.get(i % types.size());
        Envelope envelope = type == WatchEventType.ERROR ? status : pod;
        ByteBuf enveloped = Unpooled.buffer();
        envelope.write(enveloped, object, 0, object.length);
        WatchFrames.write(stream, type, ByteBufUtil.getBytes(enveloped));
        expected.add(type + " v1 " + envelope.kind() + " " + HexFormat.of().formatHex(object));
      }
      byte[] bytes = ByteBufUtil.getBytes(stream);
      for (int i = 0; i < 50; i++) {
        events.clear();
        inChunks(bytes, splitter::accept);
        assertThat(events).isEqualTo(expected);
        assertThat(splitter.betweenEvents()).isTrue();
      }
    }

    @Test
    void streamCutOffInsideAnEventIsNoticed() {
      splitter.accept(Unpooled.wrappedBuffer(new byte[] {0, 0}));
      assertThat(splitter.betweenEvents()).isFalse();
    }

    @Test
    void frameAboveTheLimitIsRefusedAtItsLength() {
      ByteBuf length = Unpooled.buffer().writeInt(WatchFrameSplitter.MAX_FRAME_BYTES + 1);
      assertThatThrownBy(() -> splitter.accept(length))
          .isInstanceOf(MalformedProtoException.class)
          .hasMessageContaining("16777217");
      ByteBuf negative = Unpooled.buffer().writeInt(-1);
      assertThatThrownBy(() -> new WatchFrameSplitter((t, a, k, o, l) -> {}).accept(negative))
          .isInstanceOf(MalformedProtoException.class);
    }

    @Test
    void unknownEventTypeIsRefused() {
      ByteBuf frame = Unpooled.buffer().writeInt(5).writeByte(0x0a).writeByte(3);
      frame.writeBytes("NEW".getBytes(StandardCharsets.US_ASCII));
      assertThatThrownBy(() -> splitter.accept(frame))
          .isInstanceOf(MalformedProtoException.class)
          .hasMessageContaining("\"NEW\"");
    }

    @Test
    void damagedStreamsAreSplitOrRefusedButNothingElse() {
      ByteBuf stream = Unpooled.buffer();
      byte[] object = Golden.enveloped("core.v1.Event");
      WatchFrames.write(stream, WatchEventType.ADDED, object);
      WatchFrames.write(stream, WatchEventType.DELETED, object);
      byte[] bytes = ByteBufUtil.getBytes(stream);
      for (int i = 0; i < 20_000; i++) {
        WatchFrameSplitter one = new WatchFrameSplitter((t, a, k, o, l) -> {});
        try {
          inChunks(Damage.inflict(bytes, 60, random), one::accept);
        } catch (MalformedProtoException e) {
          assertThat(e).hasMessageMatching("(?s).+");
        }
      }
    }
  }

  private void inChunks(byte[] bytes, Consumer<ByteBuf> target) {
    int at = 0;
    while (at < bytes.length) {
      int length = Math.min(bytes.length - at, 1 + random.nextInt(random.nextBoolean() ? 3 : 700));
      ByteBuf chunk = Unpooled.wrappedBuffer(bytes, at, length);
      target.accept(chunk);
      assertThat(chunk.isReadable()).isFalse();
      at += length;
    }
  }
}
