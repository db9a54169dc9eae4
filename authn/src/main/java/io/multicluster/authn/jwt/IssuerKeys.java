package io.multicluster.authn.jwt;

import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import io.multicluster.authn.jwt.AuthenticationConfiguration.Issuer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * The public keys of an issuer, found by its discovery document. They are read when the first token
 * comes and again when one is signed by a key that is not known, but not more often than {@link
 * #SHORTEST_PAUSE}: strangers can make up key IDs. While the issuer is away the known ones hold.
 * Safe for use by any thread; blocks.
 */
final class IssuerKeys {
  private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int MAX_DOCUMENT = 1 << 20;

  private final Issuer issuer;
  private final HttpClient http;
  private final Clock clock;
  private final ReentrantLock reading = new ReentrantLock();
  private volatile @Nullable JWKSet keys;

  /** How often they were read; grows under the lock, after {@link #keys} was set. */
  private volatile int reads;

  private Instant nextRead = Instant.MIN;

  /**
   * @throws IllegalArgumentException if the issuer's authority can't be used
   */
  IssuerKeys(Issuer issuer, Clock clock) {
    this.issuer = issuer;
    this.clock = clock;
    HttpClient.Builder builder =
        HttpClient.newBuilder().connectTimeout(PATIENCE).followRedirects(HttpClient.Redirect.NEVER);
    if (issuer.certificateAuthority() != null) {
      builder.sslContext(trusting(issuer.certificateAuthority()));
    }
    this.http = builder.build();
  }

  /**
   * The keys that may have signed what has this header.
   *
   * @throws IOException if the issuer has to be asked and can't be
   */
  List<JWK> find(JWSHeader header) throws IOException {
    int seen = reads;
    JWKSelector selector = new JWKSelector(JWKMatcher.forJWSHeader(header));
    JWKSet known = keys;
    List<JWK> found = known == null ? List.of() : selector.select(known);
    if (!found.isEmpty()) {
      return found;
    }
    return selector.select(refreshed(seen));
  }

  /**
   * @param seen the number of reads after which no key was found
   */
  private JWKSet refreshed(int seen) throws IOException {
    reading.lock();
    try {
      JWKSet known = keys;
      if (known != null && (reads != seen || clock.instant().isBefore(nextRead))) {
        return known;
      }
      nextRead = clock.instant().plus(SHORTEST_PAUSE);
      try {
        JWKSet read = read();
        keys = read;
        reads = seen + 1;
        return read;
      } catch (IOException e) {
        if (known != null) {
          return known;
        }
        throw e;
      }
    } finally {
      reading.unlock();
    }
  }

  private JWKSet read() throws IOException {
    String discovery =
        issuer.discoveryUrl() != null
            ? issuer.discoveryUrl()
            : issuer.url().replaceFirst("/+$", "") + "/.well-known/openid-configuration";
    try {
      Map<String, Object> document = com.nimbusds.jose.util.JSONObjectUtils.parse(get(discovery));
      if (!issuer.url().equals(document.get("issuer"))) {
        throw new IOException(discovery + " is about another issuer than " + issuer.url());
      }
      if (!(document.get("jwks_uri") instanceof String keysAt)) {
        throw new IOException(discovery + " has no jwks_uri");
      }
      return JWKSet.parse(get(keysAt));
    } catch (ParseException | IllegalArgumentException e) {
      throw new IOException("the documents of issuer " + issuer.url() + " can't be read", e);
    }
  }

  private String get(String url) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(PATIENCE)
            .header("Accept", "application/json")
            .build();
    try {
      HttpResponse<InputStream> answer = http.send(request, BodyHandlers.ofInputStream());
      try (InputStream body = answer.body()) {
        if (answer.statusCode() != 200) {
          throw new IOException(url + " answered " + answer.statusCode());
        }
        byte[] document = body.readNBytes(MAX_DOCUMENT + 1);
        if (document.length > MAX_DOCUMENT) {
          throw new IOException(url + " is longer than " + MAX_DOCUMENT + " bytes");
        }
        return new String(document, StandardCharsets.UTF_8);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while reading " + url, e);
    }
  }

  private static SSLContext trusting(String authorities) {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (Certificate each :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(authorities.getBytes(StandardCharsets.US_ASCII)))) {
        store.setCertificateEntry("authority-" + number++, each);
      }
      if (number == 0) {
        throw new IllegalArgumentException("certificateAuthority: has no certificate");
      }
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(store);
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(null, trust.getTrustManagers(), null);
      return tls;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(
          "certificateAuthority: can't be read: " + e.getMessage(), e);
    }
  }
}
