package io.multicluster.server.e2e;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.multicluster.testclusters.ClusterAccess;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The same questions asked of an API server, whichever way leads to it, with all its answers. */
final class Conversation implements AutoCloseable {
  private static final String CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

  /** What docs/proxy.md says may differ. */
  private static final Set<String> DOCUMENTED =
      Set.of(
          "audit-id",
          "date",
          "connection",
          "keep-alive",
          "transfer-encoding",
          "x-kubernetes-pf-flowschema-uid",
          "x-kubernetes-pf-prioritylevel-uid");

  private final KubernetesClient client;
  private final List<Answer> answers = new ArrayList<>();

  /** One answer, without what differs from one time to the next. */
  record Answer(String question, int status, Map<String, List<String>> headers, String body) {}

  Conversation(ClusterAccess access, boolean http2) {
    Config config = Config.fromKubeconfig(access.kubeconfig());
    config.setHttp2Disable(!http2);
    config.setRequestRetryBackoffLimit(0);
    client = new KubernetesClientBuilder().withConfig(config).build();
  }

  List<Answer> hold() throws Exception {
    answers.clear();
    ask("DELETE", CONFIG_MAPS + "/talk", "", "");
    answers.clear(); // Whether an earlier conversation was broken off.

    ask("POST", CONFIG_MAPS, "application/json", configMap("talk"));
    ask("POST", CONFIG_MAPS, "application/json", configMap("talk"));
    ask("POST", CONFIG_MAPS + "?fieldValidation=Warn", "application/json", misspelt());
    ask("POST", CONFIG_MAPS, "application/json", configMap("Not A Name"));
    ask("POST", CONFIG_MAPS, "application/json", "{");
    ask("PUT", CONFIG_MAPS + "/talk", "application/json", configMap("other"));
    ask("PATCH", CONFIG_MAPS + "/talk", "application/merge-patch+json", "{\"data\":{\"b\":\"2\"}}");
    ask("PATCH", CONFIG_MAPS + "/talk", "application/x-unknown", "{}");
    ask("GET", CONFIG_MAPS + "/talk", "", "");
    ask("GET", CONFIG_MAPS + "/talk?pretty=true", "", "");
    ask("GET", CONFIG_MAPS + "/absent", "", "");
    ask("GET", CONFIG_MAPS + "?fieldSelector=metadata.name%3Dtalk&limit=10", "", "");
    ask("GET", CONFIG_MAPS + "?limit=x", "", "");
    ask(
        "GET",
        CONFIG_MAPS + "?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dtalk",
        "",
        "");
    ask("OPTIONS", CONFIG_MAPS, "", "");
    ask(
        "DELETE",
        CONFIG_MAPS + "/talk",
        "application/json",
        "{\"propagationPolicy\":\"Background\"}");
    ask("DELETE", CONFIG_MAPS + "/talk", "", "");
    return List.copyOf(answers);
  }

  private void ask(String method, String target, String type, String body) throws Exception {
    HttpRequest.Builder request =
        client
            .getHttpClient()
            .newHttpRequestBuilder()
            .uri(client.getMasterUrl().toString().replaceFirst("/$", "") + target)
            .method(method, type.isEmpty() ? null : type, body.isEmpty() ? null : body);
    HttpResponse<byte[]> answer =
        client.getHttpClient().sendAsync(request.build(), byte[].class).get(60, TimeUnit.SECONDS);
    Map<String, List<String>> headers = new TreeMap<>();
    answer
        .headers()
        .forEach((name, values) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          if (!lower.startsWith(":") && !DOCUMENTED.contains(lower)) {
            headers.put(lower, List.copyOf(values));
          }
        });
    answers.add(
        new Answer(
            method + " " + target,
            answer.code(),
            headers,
            new String(answer.body(), StandardCharsets.UTF_8)
                .replaceAll("\"uid\": ?\"[^\"]*\"", "UID")
                .replaceAll("\"resourceVersion\": ?\"[^\"]*\"", "RV")
                .replaceAll("\\d{4}-\\d\\d-\\d\\dT[0-9:]*Z", "TIME")));
  }

  private static String configMap(String name) {
    return "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\""
        + name
        + "\"},\"data\":{\"a\":\"1\"}}";
  }

  private static String misspelt() {
    return configMap("talk").replace("\"data\"", "\"dta\"");
  }

  @Override
  public void close() {
    client.close();
  }
}
