package io.multicluster.testclusters;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for programs that must be told theirs beforehand. They are taken from below the ranges that
 * operating systems use for outgoing connections: a port from there could be gone again before the
 * program binds it.
 */
final class LoopbackPorts {
  private static final int LOWEST = 18_000;
  private static final int HIGHEST = 32_000;
  private static final int TRIES = 200;
  private static final Set<Integer> HANDED_OUT = ConcurrentHashMap.newKeySet();

  private LoopbackPorts() {}

  /** A port that nobody listens on and that this JVM has not handed out before. */
  static int free() {
    for (int i = 0; i < TRIES; i++) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
      if (HANDED_OUT.add(port) && isFree(port)) {
        return port;
      }
    }
    throw new TestClusterException("no free loopback port in " + LOWEST + ".." + HIGHEST);
  }

  private static boolean isFree(int port) {
    try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
