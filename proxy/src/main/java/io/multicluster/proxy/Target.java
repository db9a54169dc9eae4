package io.multicluster.proxy;

import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A configuration made ready for use.
 *
 * @param generation counts the changes that need new connections
 * @param authorization the header's value; null if there is no token
 */
record Target(
    UpstreamConfig config,
    int generation,
    ClientTls tls,
    List<Server> servers,
    @Nullable AsciiString authorization) {

  /**
   * @throws IllegalArgumentException if certificates or key can't be used
   */
  static Target of(UpstreamConfig config, int generation) {
    return new Target(
        config,
        generation,
        ClientTls.of(config),
        config.servers().stream().map(Server::of).toList(),
        authorization(config));
  }

  /** The same connections with another token. */
  Target withTokenOf(UpstreamConfig next) {
    return new Target(next, generation, tls, servers, authorization(next));
  }

  private static @Nullable AsciiString authorization(UpstreamConfig config) {
    return config.bearerToken() == null ? null : AsciiString.of("Bearer " + config.bearerToken());
  }
}
