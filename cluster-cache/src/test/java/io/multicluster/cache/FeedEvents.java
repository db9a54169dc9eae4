package io.multicluster.cache;

import java.util.Arrays;

/** Events as feeds send them: the objects in arrays that are longer, and used again. */
final class FeedEvents {
  private static final int MORE = 30;

  private FeedEvents() {}

  static FeedEvent.ListItem item(byte[] object) {
    return new FeedEvent.ListItem(roomy(object), object.length);
  }

  static FeedEvent.Change change(FeedEvent.ChangeType type, byte[] object) {
    return new FeedEvent.Change(type, roomy(object), object.length);
  }

  static void send(FeedSink sink, FeedEvent event, Runnable applied) {
    sink.accept(event, applied);
    switch (event) {
      case FeedEvent.ListItem item -> Arrays.fill(item.object(), (byte) 0xff);
      case FeedEvent.Change change -> Arrays.fill(change.object(), (byte) 0xff);
      default -> {}
    }
  }

  private static byte[] roomy(byte[] object) {
    byte[] array = Arrays.copyOf(object, object.length + MORE);
    Arrays.fill(array, object.length, array.length, (byte) 0xff);
    return array;
  }
}
