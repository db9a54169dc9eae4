package io.multicluster.proxy;

import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How to reach one API server and who to be there. All material is held by value: whoever reads it
 * from files gives a new configuration to {@link UpstreamClient#reconfigure} when they change.
 *
 * @param servers {@code https} URLs of equal API servers, without query; a path is put before that
 *     of every request. Tried in order until one can be connected to.
 * @param certificateAuthority PEM certificates that may sign the server's; null for the system's
 * @param insecureSkipTlsVerify accepts any certificate; excludes {@code certificateAuthority}
 * @param clientCertificate PEM chain, leaf first, and its key; null if none
 * @param bearerToken sent with every request; null if none
 * @param tlsServerName the name to ask for and to verify instead of the URL's host; null for the
 *     host
 * @param proxy {@code http}, {@code https} or {@code socks5} URL of a proxy to connect through, may
 *     carry user information; null for none
 */
public record UpstreamConfig(
    List<URI> servers,
    @Nullable String certificateAuthority,
    boolean insecureSkipTlsVerify,
    @Nullable ClientCertificate clientCertificate,
    @Nullable String bearerToken,
    @Nullable String tlsServerName,
    @Nullable URI proxy) {

  /**
   * @param chain PEM certificates, leaf first
   * @param key a PEM private key: PKCS #8, PKCS #1 or SEC 1, not encrypted
   */
  public record ClientCertificate(String chain, String key) {
    /**
     * As {@link java.security.KeyFactory} names it: a PKCS #8 block does not say so in its header.
     *
     * @throws IllegalArgumentException if the key can't be read
     */
    public String keyAlgorithm() {
      return PemKey.parse(key).getAlgorithm();
    }

    @Override
    public String toString() {
      return "ClientCertificate[…]";
    }
  }

  public UpstreamConfig {
    servers = List.copyOf(servers);
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("an upstream needs at least one server URL");
    }
    for (URI server : servers) {
      if (!"https".equalsIgnoreCase(server.getScheme()) || server.getHost() == null) {
        throw new IllegalArgumentException(
            "server \"" + server + "\" is not an https:// URL with a host");
      }
      if (server.getRawQuery() != null
          || server.getRawFragment() != null
          || server.getRawUserInfo() != null) {
        throw new IllegalArgumentException(
            "server \"" + server + "\" must not have a query, a fragment or user information");
      }
    }
    if (insecureSkipTlsVerify && certificateAuthority != null) {
      throw new IllegalArgumentException(
          "a certificate authority and insecure-skip-tls-verify exclude each other");
    }
    if (bearerToken != null
        && (bearerToken.isEmpty() || bearerToken.chars().anyMatch(c -> c <= ' ' || c > '~'))) {
      throw new IllegalArgumentException(
          "the bearer token is empty or has characters that no HTTP header may have");
    }
    if (proxy != null
        && (proxy.getHost() == null
            || !List.of("http", "https", "socks5").contains(String.valueOf(proxy.getScheme())))) {
      throw new IllegalArgumentException(
          "the proxy URL is not http://, https:// or socks5:// with a host");
    }
  }

  /** Trusts the system's authorities and has no credentials yet. */
  public static UpstreamConfig of(URI server) {
    return new UpstreamConfig(List.of(server), null, false, null, null, null, null);
  }

  public UpstreamConfig withServers(List<URI> urls) {
    return new UpstreamConfig(
        urls,
        certificateAuthority,
        insecureSkipTlsVerify,
        clientCertificate,
        bearerToken,
        tlsServerName,
        proxy);
  }

  /** Trusts these PEM certificates and no others. */
  public UpstreamConfig withCertificateAuthority(String pem) {
    return new UpstreamConfig(
        servers, pem, false, clientCertificate, bearerToken, tlsServerName, proxy);
  }

  public UpstreamConfig withInsecureSkipTlsVerify() {
    return new UpstreamConfig(
        servers, null, true, clientCertificate, bearerToken, tlsServerName, proxy);
  }

  public UpstreamConfig withClientCertificate(ClientCertificate certificate) {
    return new UpstreamConfig(
        servers,
        certificateAuthority,
        insecureSkipTlsVerify,
        certificate,
        bearerToken,
        tlsServerName,
        proxy);
  }

  public UpstreamConfig withBearerToken(String token) {
    return new UpstreamConfig(
        servers,
        certificateAuthority,
        insecureSkipTlsVerify,
        clientCertificate,
        token,
        tlsServerName,
        proxy);
  }

  public UpstreamConfig withTlsServerName(String name) {
    return new UpstreamConfig(
        servers,
        certificateAuthority,
        insecureSkipTlsVerify,
        clientCertificate,
        bearerToken,
        name,
        proxy);
  }

  public UpstreamConfig withProxy(URI url) {
    return new UpstreamConfig(
        servers,
        certificateAuthority,
        insecureSkipTlsVerify,
        clientCertificate,
        bearerToken,
        tlsServerName,
        url);
  }

  /** Whether connections made for {@code other} may serve requests of this one. */
  boolean sameConnections(UpstreamConfig other) {
    return withoutToken().equals(other.withoutToken());
  }

  private UpstreamConfig withoutToken() {
    return new UpstreamConfig(
        servers,
        certificateAuthority,
        insecureSkipTlsVerify,
        clientCertificate,
        null,
        tlsServerName,
        proxy);
  }

  /** Names the servers only: the rest is secret or long. */
  @Override
  public String toString() {
    return "UpstreamConfig" + servers;
  }
}
