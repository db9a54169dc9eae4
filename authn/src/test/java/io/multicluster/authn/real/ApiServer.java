package io.multicluster.authn.real;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.authn.review.ReviewClient;
import io.multicluster.authn.x509.TestCa;
import io.multicluster.testclusters.ClusterAccess;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.RealClusters;
import io.multicluster.testclusters.TestCluster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** Requests to a kube-apiserver with any credentials, wrong ones included. */
final class ApiServer {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static @Nullable ApiServer shared;

  private final Path folder;
  private final ClusterAccess access;

  private ApiServer(Path folder, ClusterAccess access) {
    this.folder = folder;
    this.access = access;
  }

  /**
   * The one that all tests of this JVM share, with names of their own. It ends with the JVM. Skips
   * the test where there can be none.
   */
  static synchronized ApiServer shared() throws IOException {
    RealClusters.assumeAvailable();
    if (shared == null) {
      Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "api-server");
      TestCluster cluster =
          new RealClusters(_ -> {}).start(ClusterSpec.bare("control-plane", folder));
      shared = new ApiServer(folder, cluster.access());
    }
    return shared;
  }

  /** One of its own, with flags; to be closed with its cluster. */
  static ApiServer of(TestCluster cluster, Path folder) {
    return new ApiServer(folder, cluster.access());
  }

  /** Makes the server trust another authority of clients, which it notices within seconds. */
  void trust(TestCa ca) throws IOException {
    Files.writeString(folder.resolve("pki/ca.crt"), ca.pem(), StandardOpenOption.APPEND);
  }

  ClusterAccess access() {
    return access;
  }

  /** An answer's code and its body. */
  record Answer(int code, JsonNode body) {}

  /** The administrator. */
  HttpClient administrator() {
    return client(List.of(certificate(access.clientCertificate())), privateKey(access.clientKey()));
  }

  HttpClient withoutCertificate() {
    return client(List.of(), null);
  }

  /** A client that presents a chain whoever the server says it trusts. */
  HttpClient client(List<X509Certificate> chain, @Nullable PrivateKey key) {
    try {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      trusted.setCertificateEntry("ca", certificate(access.caCertificate()));
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          key == null ? null : new KeyManager[] {new OneChain(chain, key)},
          trust.getTrustManagers(),
          null);
      return HttpClient.newBuilder()
          .sslContext(context)
          .version(HttpClient.Version.HTTP_1_1)
          .build();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * @param headers name, value, name, value
   */
  Answer post(HttpClient client, String path, String body, String... headers)
      throws IOException, InterruptedException {
    return send(client, request(path, headers).POST(BodyPublishers.ofString(body)).build());
  }

  Answer get(HttpClient client, String path, String... headers)
      throws IOException, InterruptedException {
    return send(client, request(path, headers).GET().build());
  }

  Answer put(HttpClient client, String path, String body) throws IOException, InterruptedException {
    return send(client, request(path).PUT(BodyPublishers.ofString(body)).build());
  }

  Answer delete(HttpClient client, String path) throws IOException, InterruptedException {
    return send(client, request(path).DELETE().build());
  }

  /** Reviews as the administrator asks for them. */
  ReviewClient reviews() {
    HttpClient administrator = administrator();
    return (path, review) -> {
      try {
        Answer answer = post(administrator, path, new String(review, StandardCharsets.UTF_8));
        if (answer.code / 100 != 2) {
          throw new IOException(answer.code + " for " + path);
        }
        return JSON.writeValueAsBytes(answer.body);
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    };
  }

  private HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(access.server().resolve(path))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json");
    return headers.length == 0 ? request : request.headers(headers);
  }

  private static Answer send(HttpClient client, HttpRequest request)
      throws IOException, InterruptedException {
    HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
    return new Answer(response.statusCode(), JSON.readTree(response.body()));
  }

  static X509Certificate certificate(String pem) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(
                  new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static PrivateKey privateKey(String pem) {
    try {
      String base64 = pem.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
      return KeyFactory.getInstance("RSA")
          .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Presents its chain without looking at the authorities that the server names. */
  private static final class OneChain extends X509ExtendedKeyManager {
    private final X509Certificate[] chain;
    private final PrivateKey key;

    OneChain(List<X509Certificate> chain, PrivateKey key) {
      this.chain = chain.toArray(X509Certificate[]::new);
      this.key = key;
    }

    @Override
    public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
      return "own";
    }

    @Override
    public String chooseEngineClientAlias(String[] keyType, Principal[] issuers, SSLEngine engine) {
      return "own";
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
      return new String[] {"own"};
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
      return null;
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal[] issuers) {
      return null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return chain;
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return key;
    }
  }
}
