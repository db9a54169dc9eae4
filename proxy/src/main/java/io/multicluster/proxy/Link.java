package io.multicluster.proxy;

import io.netty.channel.Channel;

/** A connection to an upstream that takes requests. Confined to its channel's event loop. */
sealed interface Link permits Http2Link, Http1Link {
  /** Told about a link's state by the link itself. */
  interface Owner {
    /** A place for a further request has become free. */
    void hasRoom(Link link);

    /** The connection takes no further requests, ever; those it has may still be going on. */
    void retired(Link link);
  }

  Channel channel();

  Server server();

  /** How many requests it carries now. */
  int underWay();

  /** How many requests it can take at once, now. */
  int capacity();

  boolean hasRoom();

  boolean isRetired();

  /** Sends a request; only while it {@link #hasRoom()}. */
  void start(Call call);

  /** Takes no further requests and closes when those it has are over. */
  void retire();

  /** Ends all requests and the connection. */
  void close();
}
