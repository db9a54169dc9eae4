package io.multicluster.proxy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.multicluster.proxy.UpstreamConfig.ClientCertificate;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads an {@link UpstreamConfig} from a kubeconfig: the current context's cluster and user, with
 * material inline or in files. Credential plugins ({@code exec}, {@code auth-provider}), passwords
 * and impersonation are refused, since silently ignoring them would mean to be somebody else.
 */
public final class Kubeconfig {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final List<String> UNSUPPORTED_USER_KEYS =
      List.of(
          "exec",
          "auth-provider",
          "username",
          "password",
          "as",
          "as-uid",
          "as-groups",
          "as-user-extra");

  private final String origin;
  private final @Nullable Path folder;

  private Kubeconfig(String origin, @Nullable Path folder) {
    this.origin = origin;
    this.folder = folder;
  }

  /**
   * @throws IOException if the file, or one that it names, can't be read
   * @throws IllegalArgumentException if the content can't be used; the message names the file and
   *     key, and no secret
   */
  public static UpstreamConfig read(Path file) throws IOException {
    return new Kubeconfig(file.toString(), file.toAbsolutePath().getParent())
        .parse(Files.readString(file));
  }

  /**
   * Reads a text whose material is inline; paths of files in it must be absolute.
   *
   * @param origin where the text comes from, for messages
   * @throws IOException if a file that it names can't be read
   * @throws IllegalArgumentException as {@link #read(Path)}
   */
  public static UpstreamConfig read(String text, String origin) throws IOException {
    return new Kubeconfig(origin, null).parse(text);
  }

  private UpstreamConfig parse(String text) throws IOException {
    JsonNode root;
    try {
      root = YAML.readTree(text);
    } catch (JsonProcessingException e) {
      var at = e.getLocation();
      throw invalid(
          "is not YAML or JSON"
              + (at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr()));
    }
    String contextName = string(root, "current-context");
    if (contextName == null) {
      throw invalid("names no current-context");
    }
    JsonNode context = named(root, "contexts", "context", contextName);
    String clusterName = string(context, "cluster");
    String userName = string(context, "user");
    if (clusterName == null) {
      throw invalid("context \"" + contextName + "\" names no cluster");
    }
    JsonNode cluster = named(root, "clusters", "cluster", clusterName);
    JsonNode user =
        userName == null ? YAML.createObjectNode() : named(root, "users", "user", userName);
    for (String key : UNSUPPORTED_USER_KEYS) {
      if (user.hasNonNull(key)) {
        throw invalid(
            "user \""
                + userName
                + "\" has \""
                + key
                + "\", which is not supported: use a client certificate, token or tokenFile");
      }
    }
    String server = string(cluster, "server");
    if (server == null) {
      throw invalid("cluster \"" + clusterName + "\" has no server");
    }
    String proxy = string(cluster, "proxy-url");
    try {
      return new UpstreamConfig(
          List.of(uri(server, "server")),
          material(cluster, "certificate-authority"),
          cluster.path("insecure-skip-tls-verify").asBoolean(false),
          clientCertificate(user),
          token(user),
          string(cluster, "tls-server-name"),
          proxy == null ? null : uri(proxy, "proxy-url"));
    } catch (IllegalArgumentException e) {
      throw e instanceof InvalidKubeconfig ? e : invalid(String.valueOf(e.getMessage()));
    }
  }

  private @Nullable ClientCertificate clientCertificate(JsonNode user) throws IOException {
    String chain = material(user, "client-certificate");
    String key = material(user, "client-key");
    if (chain == null && key == null) {
      return null;
    }
    if (chain == null || key == null) {
      throw invalid("client-certificate and client-key belong together, one of them is missing");
    }
    return new ClientCertificate(chain, key);
  }

  /** A token file wins, since it is what rotates. */
  private @Nullable String token(JsonNode user) throws IOException {
    String file = string(user, "tokenFile");
    return file == null ? string(user, "token") : Files.readString(resolve(file)).strip();
  }

  /** Inline data wins over a file, as in client-go. */
  private @Nullable String material(JsonNode node, String key) throws IOException {
    String data = string(node, key + "-data");
    if (data != null) {
      try {
        return new String(Base64.getMimeDecoder().decode(data), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        throw invalid(key + "-data is not base64");
      }
    }
    String file = string(node, key);
    return file == null ? null : Files.readString(resolve(file));
  }

  private Path resolve(String file) {
    Path path = Path.of(file);
    if (path.isAbsolute()) {
      return path;
    }
    if (folder == null) {
      throw invalid("names the file \"" + file + "\" without an absolute path");
    }
    return folder.resolve(path);
  }

  private JsonNode named(JsonNode root, String list, String key, String name) {
    for (JsonNode entry : root.path(list)) {
      if (name.equals(string(entry, "name"))) {
        return entry.path(key);
      }
    }
    throw invalid("has no entry \"" + name + "\" in " + list);
  }

  private URI uri(String text, String key) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      throw invalid(key + " is not a URL");
    }
  }

  private static @Nullable String string(JsonNode node, String key) {
    JsonNode value = node.path(key);
    return value.isValueNode() && !value.isNull() && !value.asText().isEmpty()
        ? value.asText()
        : null;
  }

  private InvalidKubeconfig invalid(String what) {
    return new InvalidKubeconfig("kubeconfig " + origin + ": " + what);
  }

  private static final class InvalidKubeconfig extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    InvalidKubeconfig(String message) {
      super(message);
    }
  }
}
