package io.multicluster.testclusters.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.testclusters.ClusterAccess;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** HTTP as it is, with the certificate of one user. */
final class RawClient implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final ObjectMapper MAPPER = new ObjectMapper();
  static final String JSON = "application/json";
  static final String PROTOBUF = "application/vnd.kubernetes.protobuf";

  private final ClusterAccess access;
  private final HttpClient client;

  RawClient(ClusterAccess access) {
    this(access, HttpClient.Version.HTTP_2);
  }

  RawClient(ClusterAccess access, HttpClient.Version version) {
    this.access = access;
    this.client = HttpClient.newBuilder().sslContext(tls(access)).version(version).build();
  }

  /** A whole answer. */
  record Answer(int status, java.net.http.HttpHeaders headers, byte[] body) {
    String header(String name) {
      return headers.firstValue(name).orElse("");
    }

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    JsonNode json() {
      try {
        return MAPPER.readTree(body);
      } catch (IOException e) {
        throw new UncheckedIOException(text(), e);
      }
    }
  }

  static JsonNode parse(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * @param headers names and values in turn
   */
  Answer send(String method, String path, String body, String... headers) {
    return send(method, path, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  Answer send(String method, String path, byte[] body, String... headers) {
    try {
      HttpResponse<byte[]> response =
          client.send(request(method, path, body, headers), BodyHandlers.ofByteArray());
      return new Answer(response.statusCode(), response.headers(), response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(method + " " + path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  Answer get(String path, String... headers) {
    return send("GET", path, "", headers);
  }

  Answer post(String path, String json) {
    return send("POST", path, json.replace('\'', '"'), "Content-Type", JSON);
  }

  Answer put(String path, String json) {
    return send("PUT", path, json.replace('\'', '"'), "Content-Type", JSON);
  }

  Answer patch(String path, String kind, String json) {
    return send(
        "PATCH",
        path,
        json.replace('\'', '"'),
        "Content-Type",
        "application/" + kind + (kind.equals("apply-patch") ? "+yaml" : "+json"));
  }

  Answer delete(String path) {
    return send("DELETE", path, "");
  }

  private HttpRequest request(String method, String path, byte[] body, String... headers) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(access.server().resolve(path))
            .timeout(LIMIT)
            .method(
                method,
                body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      builder.headers(headers);
    }
    return builder.build();
  }

  /** Starts a watch; fails if it is not answered with 200. */
  Watch watch(String path, String... headers) {
    try {
      HttpResponse<InputStream> response =
          client.send(request("GET", path, new byte[0], headers), BodyHandlers.ofInputStream());
      if (response.statusCode() != 200) {
        throw new IllegalStateException(
            "watch answered "
                + response.statusCode()
                + ": "
                + new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
      }
      return new Watch(response);
    } catch (IOException e) {
      throw new UncheckedIOException(path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** An open watch; for one thread. Reading blocks until an event comes or the stream ends. */
  static final class Watch implements AutoCloseable {
    private final HttpResponse<InputStream> response;
    private final BufferedReader lines;
    private final DataInputStream frames;

    private Watch(HttpResponse<InputStream> response) {
      this.response = response;
      this.frames = new DataInputStream(response.body());
      this.lines = new BufferedReader(new InputStreamReader(frames, StandardCharsets.UTF_8));
    }

    String contentType() {
      return response.headers().firstValue("content-type").orElse("");
    }

    /** The next event; null at the end of the stream. */
    @Nullable JsonNode next() {
      try {
        String line = lines.readLine();
        return line == null ? null : MAPPER.readTree(line);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** The next frame of a protobuf watch, without its length; null at the end of the stream. */
    byte @Nullable [] frame() {
      try {
        byte[] frame = new byte[frames.readInt()];
        frames.readFully(frame);
        return frame;
      } catch (EOFException e) {
        return null;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      try {
        frames.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
  }

  private static SSLContext tls(ClusterAccess access) {
    try {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      trusted.setCertificateEntry("ca", certificate(access.caCertificate()));
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      if (access.clientCertificate().isEmpty()) {
        context.init(null, trust.getTrustManagers(), null);
        return context;
      }
      KeyStore own = KeyStore.getInstance(KeyStore.getDefaultType());
      own.load(null, null);
      own.setKeyEntry(
          "client",
          key(access.clientKey()),
          new char[0],
          new Certificate[] {certificate(access.clientCertificate())});
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(own, new char[0]);
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Certificate certificate(String pem) throws GeneralSecurityException {
    return CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
  }

  private static PrivateKey key(String pem) throws GeneralSecurityException {
    String body = pem.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
    return KeyFactory.getInstance("RSA")
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
  }
}
