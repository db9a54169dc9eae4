package io.multicluster.testclusters.simulated;

import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request that has arrived whole.
 *
 * @param path still escaped, without query
 * @param query decoded, values in order
 * @param clientCertificate as presented, not verified; null if there was none
 */
record ServerRequest(
    String method,
    String path,
    Map<String, List<String>> query,
    HttpHeaders headers,
    byte[] body,
    @Nullable X509Certificate clientCertificate) {

  static ServerRequest of(
      String method,
      String uri,
      HttpHeaders headers,
      byte[] body,
      @Nullable X509Certificate clientCertificate) {
    int question = uri.indexOf('?');
    String path = question < 0 ? uri : uri.substring(0, question);
    Map<String, List<String>> query = new LinkedHashMap<>();
    if (question >= 0) {
      for (String pair : uri.substring(question + 1).split("&", -1)) {
        if (!pair.isEmpty()) {
          int equals = pair.indexOf('=');
          String name = decode(equals < 0 ? pair : pair.substring(0, equals));
          String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
          query.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
        }
      }
    }
    return new ServerRequest(method, path, query, headers, body, clientCertificate);
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text;
    }
  }

  /** The first value of a query parameter; empty if it is not there. */
  String parameter(String name) {
    List<String> values = query.get(name);
    return values == null ? "" : values.getFirst();
  }

  String header(String name) {
    String value = headers.get(name);
    return value == null ? "" : value;
  }

  /** A boolean as kube-apiserver reads it: any value but {@code false} and {@code 0} is true. */
  boolean flag(String name) {
    List<String> values = query.get(name);
    if (values == null) {
      return false;
    }
    String value = values.getFirst().toLowerCase(Locale.ROOT);
    return !value.equals("false") && !value.equals("0");
  }

  /** A number of at least 0; 0 if the parameter is absent or empty. */
  long number(String name) {
    String value = parameter(name);
    if (value.isEmpty()) {
      return 0;
    }
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw ApiException.badRequest("strconv.ParseInt: parsing \"" + value + "\": invalid syntax");
    }
  }

  boolean dryRun() {
    return parameter("dryRun").equals("All");
  }

  /** Refuses a {@code timeout} that is no duration. */
  void checkTimeout() {
    String timeout = parameter("timeout");
    if (!timeout.isEmpty()) {
      try {
        Duration _ = GoDuration.parse(timeout);
      } catch (IllegalArgumentException e) {
        throw ApiException.badRequest(
            "invalid timeout specified in the request URL - " + e.getMessage());
      }
    }
  }

  /** Who changes fields, by parameter or by the first word of the User-Agent. */
  String fieldManager() {
    String manager = parameter("fieldManager");
    if (!manager.isEmpty()) {
      return manager;
    }
    String agent = header("user-agent");
    int slash = agent.indexOf('/');
    String name = slash < 0 ? agent : agent.substring(0, slash);
    return name.isEmpty() ? "unknown" : name;
  }
}
