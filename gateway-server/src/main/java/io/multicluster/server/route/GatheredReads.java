package io.multicluster.server.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.proxy.UpstreamClient;
import io.multicluster.proxy.UpstreamResponse;
import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.proto.ClusterMark;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Get and list of kinds that can't be cached, because their servers offer no watch: all members are
 * asked at each request, at once and as the gateway itself, and what they answer in time is put
 * together. What a member did not give is named in a {@code Warning} header, which kubectl prints.
 *
 * <p>Answers are JSON, not paged.
 */
public final class GatheredReads implements Route {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int MAX_ANSWER = 32 * 1024 * 1024;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Supplier<Map<String, UpstreamClient>> members;

  /**
   * @param members those that are to be asked, by name
   */
  public GatheredReads(Supplier<Map<String, UpstreamClient>> members) {
    this.members = members;
  }

  /** What one member has to say; one of the two is there. */
  private record Said(@Nullable ObjectNode body, @Nullable String problem) {}

  @Override
  public boolean neverBlocks(RequestInfo info) {
    return false;
  }

  @Override
  public void answer(RoutedRequest request) {
    RequestInfo info = request.info();
    requireJson(request.exchange().request());
    switch (info.verb()) {
      case "list" -> list(request);
      case "get" -> get(request);
      default -> throw ApiException.methodNotAllowed();
    }
  }

  private static void requireJson(RequestHead head) {
    String accept = head.header("accept");
    if (accept != null
        && !accept.isEmpty()
        && !accept.contains("application/json")
        && !accept.contains("*/*")) {
      throw new ApiException(
          Status.failure(
              406,
              "NotAcceptable",
              "only the following media types are accepted: application/json"));
    }
  }

  private void list(RoutedRequest request) {
    LabelSelector selector = LabelSelector.parse(request.query().get("labelSelector"));
    List<String> only = selector.valuesOf(ClusterMark.LABEL);
    Map<String, UpstreamClient> asked = new TreeMap<>(members.get());
    if (only != null) {
      asked.keySet().retainAll(only);
    }
    Map<String, Said> answers =
        ask(
            asked,
            request.info().path(),
            query(request.query(), selector.without(ClusterMark.LABEL)));
    ObjectNode list = null;
    ArrayNode items = JSON.createArrayNode();
    Map<String, String> problems = new TreeMap<>();
    for (Map.Entry<String, Said> answer : answers.entrySet()) {
      ObjectNode body = answer.getValue().body;
      if (body == null) {
        problems.put(answer.getKey(), String.valueOf(answer.getValue().problem));
        continue;
      }
      list = list == null ? body : list;
      for (JsonNode item : body.path("items")) {
        if (item instanceof ObjectNode object) {
          mark(object, answer.getKey());
          if (selector.matches(key -> label(object, key))) {
            items.add(object);
          }
        }
      }
    }
    if (list == null) {
      throw nobodyAnswers(request.info(), problems);
    }
    list.set("metadata", JSON.createObjectNode());
    list.set("items", items);
    send(request, list, problems);
  }

  private void get(RoutedRequest request) {
    RequestInfo info = request.info();
    Map<String, Said> answers = ask(members.get(), info.path(), "");
    Map<String, ObjectNode> found = new TreeMap<>();
    Map<String, String> problems = new TreeMap<>();
    answers.forEach((cluster, said) -> {
      if (said.body != null) {
        found.put(cluster, said.body);
      } else if (said.problem != null && !said.problem.isEmpty()) {
        problems.put(cluster, said.problem);
      }
    });
    if (found.size() > 1) {
      throw ApiException.conflict(
          info.groupResource(),
          info.name(),
          "it is in several clusters: "
              + String.join(", ", found.keySet())
              + "; use the entry /clusters/NAME of the one that is meant");
    }
    if (found.isEmpty()) {
      throw problems.isEmpty()
          ? ApiException.notFound(info.groupResource(), info.name())
          : nobodyAnswers(info, problems);
    }
    Map.Entry<String, ObjectNode> only = found.entrySet().iterator().next();
    mark(only.getValue(), only.getKey());
    send(request, only.getValue(), Map.of());
  }

  /** Without Retry-After: client-go would wait and ask ten times before it tells its user. */
  private static ApiException nobodyAnswers(RequestInfo info, Map<String, String> problems) {
    return ApiException.unavailable(
        problems.isEmpty()
            ? "no member cluster serves " + info.groupResource()
            : info.groupResource() + " can't be had: " + text(problems),
        0);
  }

  private static String text(Map<String, String> problems) {
    List<String> texts = new ArrayList<>();
    problems.forEach((cluster, problem) -> texts.add("cluster " + cluster + ": " + problem));
    return String.join("; ", texts);
  }

  private static Map<String, Said> ask(
      Map<String, UpstreamClient> clients, String path, String query) {
    Map<String, Future<Said>> asked = new TreeMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      clients.forEach(
          (name, client) -> asked.put(name, threads.submit(() -> ask(client, path, query))));
      Map<String, Said> answers = new TreeMap<>();
      for (Map.Entry<String, Future<Said>> answer : asked.entrySet()) {
        answers.put(answer.getKey(), answer.getValue().get());
      }
      return answers;
    } catch (ExecutionException e) {
      throw ApiException.internal("the members can't be asked", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("the gateway is ending", 1);
    }
  }

  private static Said ask(UpstreamClient member, String path, String query) {
    Http2Headers headers = new DefaultHttp2Headers().set("accept", "application/json");
    try {
      UpstreamResponse answer =
          member.call(new RequestHead("GET", path, query, headers), null, MAX_ANSWER, PATIENCE);
      JsonNode body = JSON.readTree(answer.body());
      if (answer.status() == 200 && body instanceof ObjectNode object) {
        return new Said(object, null);
      }
      if (answer.status() == 404 && body.path("details").path("name").isTextual()) {
        return new Said(null, ""); // the kind is there, this object is not
      }
      return new Said(
          null, answer.status() == 404 ? "not served there" : "it answered " + answer.status());
    } catch (ApiException e) {
      return new Said(null, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return new Said(null, "its answer is not JSON");
    }
  }

  private static String query(Query query, LabelSelector selector) {
    List<String> parameters = new ArrayList<>();
    if (!selector.isEmpty()) {
      parameters.add("labelSelector=" + encoded(selector.toString()));
    }
    String fields = query.get("fieldSelector");
    if (!fields.isEmpty()) {
      parameters.add("fieldSelector=" + encoded(fields));
    }
    return String.join("&", parameters);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static void mark(ObjectNode object, String cluster) {
    ObjectNode metadata = object.withObjectProperty("metadata");
    metadata.withObjectProperty("labels").put(ClusterMark.LABEL, cluster);
    metadata.withObjectProperty("annotations").put(ClusterMark.ANNOTATION, cluster);
  }

  private static @Nullable String label(ObjectNode object, String key) {
    return object.path("metadata").path("labels").path(key).textValue();
  }

  private static void send(RoutedRequest request, ObjectNode body, Map<String, String> problems) {
    byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
    Http2Headers headers =
        new DefaultHttp2Headers()
            .set("content-type", "application/json")
            .setInt("content-length", bytes.length);
    if (!problems.isEmpty()) {
      headers.set(
          "warning", "299 - \"" + text(problems).replace('"', '\'').replace('\\', '/') + "\"");
    }
    request.exchange().response().head(200, headers);
    request.exchange().response().write(Unpooled.wrappedBuffer(bytes));
    request.exchange().response().end(null);
  }
}
