package io.multicluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.cache.ClusterCache;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.server.audit.ObjectLookup;
import io.multicluster.server.route.OfferedResources;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.request.RequestInfoParser;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Looks at objects where requests about them would go. */
final class UpstreamObjects implements ObjectLookup {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int MAX_OBJECT = 16 * 1024 * 1024;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final UpstreamClient controlPlane;
  private final OfferedResources offered;
  private final ClusterCache cache;
  private final Function<String, @Nullable UpstreamClient> members;

  UpstreamObjects(
      UpstreamClient controlPlane,
      OfferedResources offered,
      ClusterCache cache,
      Function<String, @Nullable UpstreamClient> members) {
    this.controlPlane = controlPlane;
    this.offered = offered;
    this.cache = cache;
    this.members = members;
  }

  @Override
  public @Nullable JsonNode look(String path) {
    RequestInfo info = RequestInfoParser.parse("GET", path, Query.EMPTY);
    UpstreamClient upstream = upstream(info);
    if (upstream == null) {
      return null;
    }
    UpstreamResponse answer =
        upstream.call(
            new RequestHead(
                "GET",
                RequestInfoParser.withoutCluster(path),
                "",
                new DefaultHttp2Headers().set("accept", "application/json")),
            null,
            MAX_OBJECT,
            PATIENCE);
    try {
      return switch (answer.status()) {
        case 200 -> JSON.readTree(answer.body());
        case 404 -> null;
        default ->
            throw new ApiException(
                Status.failure(
                    answer.status(), "", upstream.name() + " answered " + answer.status()));
      };
    } catch (IOException e) {
      throw ApiException.internal(upstream.name() + " answered no JSON", e);
    }
  }

  /** Null if no member has the object. */
  private @Nullable UpstreamClient upstream(RequestInfo info) {
    String member = info.cluster();
    if (member.isEmpty()) {
      if (!offered.isCached(info.groupResource())) {
        return controlPlane;
      }
      List<String> owners =
          cache.owners(info.groupVersionResource(), info.namespace(), info.name());
      if (owners.isEmpty()) {
        return null;
      }
      if (owners.size() > 1) {
        throw ApiException.badRequest("several clusters have it: " + owners);
      }
      member = owners.getFirst();
    }
    UpstreamClient client = members.apply(member);
    if (client == null) {
      throw ApiException.unavailable("there is no cluster " + member, 0);
    }
    return client;
  }
}
