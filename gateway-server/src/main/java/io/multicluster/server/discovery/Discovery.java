package io.multicluster.server.discovery;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.server.discovery.ApiCatalog.Group;
import io.multicluster.server.discovery.ApiCatalog.Resource;
import io.multicluster.server.discovery.DocumentSource.Document;
import io.multicluster.server.discovery.Documents.Rendered;
import io.multicluster.wire.http.Exchange;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The offered API, kept current by asking the control plane for its aggregated discovery twice a
 * second, which costs it a 304 when nothing changed. A kind that appears is offered within a
 * second; while the control plane is away the last state stays.
 *
 * <p>{@link #serve} may be called from any thread; documents under {@code /openapi} are read from
 * the control plane on demand and therefore block.
 */
public final class Discovery implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Discovery.class);
  private static final Duration INTERVAL = Duration.ofMillis(500);
  private static final String ACCEPT =
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
          + "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
  private static final List<String> ROOTS = List.of("/api", "/apis");

  private final ObjectMapper json = new ObjectMapper();
  private final DocumentSource controlPlane;
  private final Predicate<GroupResource> offered;
  private final ApiCatalog own;
  private final String serverAddress;
  private final OpenApi openApi;
  private final Map<String, String> etags = new HashMap<>();
  private final Map<String, List<Group>> groups = new HashMap<>();
  private volatile @Nullable DiscoveryDocuments documents;
  private @Nullable Thread refresher;

  /**
   * @param offered the resources that the configuration lists, cached and federated
   * @param own what is offered beside that
   * @param serverAddress host and port, shown in the legacy {@code /api} document
   */
  public Discovery(
      DocumentSource controlPlane,
      Predicate<GroupResource> offered,
      ApiCatalog own,
      String serverAddress) {
    this.controlPlane = controlPlane;
    this.offered = offered;
    this.own = own;
    this.serverAddress = serverAddress;
    this.openApi = new OpenApi(controlPlane, offered);
  }

  /** Begins to follow the control plane. */
  public void start() {
    refresher = Thread.ofVirtual().name("discovery").start(this::follow);
  }

  @Override
  public void close() {
    if (refresher != null) {
      refresher.interrupt();
    }
  }

  /** Whether the control plane's kinds have been read at least once. */
  public boolean ready() {
    return documents != null;
  }

  /** What is offered; {@link ApiCatalog#EMPTY} until {@link #ready}. */
  public ApiCatalog catalog() {
    DiscoveryDocuments current = documents;
    return current == null ? ApiCatalog.EMPTY : current.catalog();
  }

  /** Whether a path is one of discovery or OpenAPI. */
  public static boolean isDiscoveryPath(String path) {
    return path.equals("/api")
        || path.equals("/apis")
        || path.startsWith("/api/")
        || path.startsWith("/apis/")
        || isOpenApiPath(path);
  }

  /** Whether answering this path may have to ask the control plane and so may block. */
  public static boolean isOpenApiPath(String path) {
    return path.startsWith("/openapi/");
  }

  /**
   * Answers a request that is no resource request and whose path {@link #isDiscoveryPath}.
   *
   * @throws ApiException 404 for what is not offered, 405 for other methods than GET, 503 until the
   *     control plane was seen, since clients take a 404 for "gone"
   */
  public void serve(Exchange exchange, String path) {
    if (!exchange.request().method().equals("GET")) {
      throw ApiException.methodNotAllowed();
    }
    DiscoveryDocuments current = documents;
    if (current == null) {
      throw ApiException.unavailable("the control plane's API has not been read yet", 5);
    }
    if (isOpenApiPath(path)) {
      openApi.serve(exchange, path, current.catalog());
      return;
    }
    String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    Rendered document = current.find(trimmed, exchange.request().header(HttpHeaderNames.ACCEPT));
    if (document == null) {
      throw ApiException.noSuchResource();
    }
    Documents.send(exchange, document, ROOTS.contains(trimmed) ? "public" : "no-cache, private");
  }

  private void follow() {
    boolean failing = false;
    while (!Thread.currentThread().isInterrupted()) {
      try {
        refresh();
        failing = false;
      } catch (ApiException | IOException e) {
        if (!failing) {
          log.atWarn()
              .addKeyValue("error", e.getMessage())
              .log("can't read the control plane's API");
        }
        failing = true;
      }
      try {
        Thread.sleep(INTERVAL);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void refresh() throws IOException {
    boolean changed = false;
    for (String root : ROOTS) {
      Document answer = controlPlane.get(root, ACCEPT, etags.get(root));
      if (answer.status() == 304) {
        continue;
      }
      if (answer.status() != 200) {
        throw ApiException.unavailable(
            "GET " + root + " at the control plane answered " + answer.status(), 0);
      }
      groups.put(root, AggregatedDiscovery.parse(json.readTree(answer.body())));
      if (answer.etag() != null) {
        etags.put(root, answer.etag());
      }
      changed = true;
    }
    if (changed) {
      List<Group> all = new ArrayList<>();
      ROOTS.forEach(root -> all.addAll(groups.getOrDefault(root, List.of())));
      ApiCatalog catalog = own.plus(new ApiCatalog(all).filter(this::offers));
      documents = new DiscoveryDocuments(catalog, serverAddress);
      log.atInfo()
          .addKeyValue("groups", catalog.groups().size())
          .log("the offered API has changed");
    }
  }

  private boolean offers(String group, Resource resource) {
    return offered.test(new GroupResource(group, resource.plural()));
  }
}
