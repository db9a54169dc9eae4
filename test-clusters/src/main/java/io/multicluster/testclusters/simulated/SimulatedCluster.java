package io.multicluster.testclusters.simulated;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.testclusters.ClusterAccess;
import io.multicluster.testclusters.ClusterSpec;
import io.multicluster.testclusters.TestAuthority;
import io.multicluster.testclusters.TestCluster;
import io.multicluster.testclusters.TestClusterException;
import io.multicluster.wire.user.UserInfo;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import javax.net.ssl.X509TrustManager;

/**
 * An API server in this JVM. Its content is gone when it is closed; {@link #restart} keeps it, but
 * forgets the history of changes as a restarted kube-apiserver's watch cache does.
 */
public final class SimulatedCluster implements TestCluster {
  private static final int HISTORY = 20_000;

  private final String name;
  private final Path kubeconfig;
  private final TestAuthority authority;
  private final ObjectStore store = new ObjectStore(HISTORY);
  private final Catalog catalog = new Catalog();
  private final Authentication authentication = new Authentication();
  private final Faults faults = new Faults(store);
  private final Transport transport;
  private final ClusterAccess access;
  private final ExecutorService threads;

  SimulatedCluster(
      ClusterSpec spec,
      SimulatedClusters.Options options,
      EventLoopGroup loops,
      ExecutorService threads) {
    name = spec.name();
    this.threads = threads;
    authority = new TestAuthority(spec.name() + "-ca");
    authentication.trust(certificate(authority.certificate()));
    Reads reads = new Reads(store, catalog, faults, options.bookmarkInterval());
    Deletions deletions = new Deletions(store, catalog, faults, threads);
    Writes writes = new Writes(store, catalog, authentication, deletions, authority.certificate());
    bootstrap(writes);
    ApiServer server =
        new ApiServer(
            store, catalog, faults, authentication, reads, writes, deletions, options.version());
    transport = new Transport(loops, tls(), threads, server::handle);
    faults.attach(transport);
    transport.listen(spec.port());
    TestAuthority.Identity admin = authority.client("admin", UserInfo.SYSTEM_MASTERS);
    access =
        new ClusterAccess(
            name,
            URI.create("https://127.0.0.1:" + transport.port()),
            authority.certificate(),
            admin.certificate(),
            admin.key());
    kubeconfig = spec.folder().resolve("kubeconfig");
    try {
      Files.createDirectories(spec.folder());
      access.writeKubeconfig(kubeconfig);
    } catch (IOException e) {
      transport.stopListening();
      throw new TestClusterException("can't write " + kubeconfig, e);
    }
  }

  private static void bootstrap(Writes writes) {
    for (ObjectNode object : Bootstrap.objects()) {
      String kind = Json.string(object, "kind");
      ResourceType type =
          BuiltInTypes.ALL.stream().filter(t -> t.kind().equals(kind)).findFirst().orElseThrow();
      var _ =
          writes.create(
              type,
              Json.string(object, "metadata", "namespace"),
              object,
              new Writes.Options("kube-apiserver", false, "Strict", warning -> {}));
    }
  }

  private SslContext tls() {
    TestAuthority.Identity serving = authority.loopbackServer("kube-apiserver");
    try {
      return SslContextBuilder.forServer(
              new ByteArrayInputStream(serving.certificate().getBytes(StandardCharsets.US_ASCII)),
              new ByteArrayInputStream(serving.key().getBytes(StandardCharsets.US_ASCII)))
          .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
          .clientAuth(ClientAuth.OPTIONAL)
          .trustManager(new JudgedLater())
          .applicationProtocolConfig(
              new ApplicationProtocolConfig(
                  ApplicationProtocolConfig.Protocol.ALPN,
                  ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                  ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                  ApplicationProtocolNames.HTTP_2,
                  ApplicationProtocolNames.HTTP_1_1))
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static X509Certificate certificate(String pem) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(
                  new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("not a certificate", e);
    }
  }

  @Override
  public ClusterAccess access() {
    return access;
  }

  @Override
  public Path kubeconfig() {
    return kubeconfig;
  }

  @Override
  public boolean hasKubelets() {
    return false;
  }

  /** What can go wrong here, on demand. */
  public Faults faults() {
    return faults;
  }

  /** How another user talks to this cluster; RBAC objects decide what the user may do. */
  public ClusterAccess accessAs(String user, String... groups) {
    TestAuthority.Identity identity = authority.client(user, groups);
    return new ClusterAccess(
        name, access.server(), access.caCertificate(), identity.certificate(), identity.key());
  }

  /** Accepts a bearer token from now on. */
  public void addToken(String token, String user, List<String> groups) {
    List<String> all = new java.util.ArrayList<>(groups);
    all.add(UserInfo.AUTHENTICATED);
    authentication.addToken(token, new UserInfo(user, "", all, Map.of()));
  }

  /**
   * Adds very many pods, with namespaces and nodes for them. Watches of pods and events that are
   * open end, and must list anew. The caller closes the load, which ends its changes.
   */
  public PodLoad load(PodLoad.Spec spec) {
    return new PodLoad(store, spec, threads);
  }

  @Override
  public void kill() {
    faults.refuseConnections();
  }

  @Override
  public void restart() {
    kill();
    store.compact();
    transport.listen(0);
  }

  @Override
  public void pause() {
    faults.freeze();
  }

  @Override
  public void resume() {
    faults.thaw();
  }

  @Override
  public void close() {
    transport.stopListening();
    transport.dropConnections();
  }

  /** As kube-apiserver: any certificate may be shown; whether it is believed shows in a 401. */
  private static final class JudgedLater implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
        throws CertificateException {
      throw new CertificateException("this is a server");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
