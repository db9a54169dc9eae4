package io.multicluster.certs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Base64;

/**
 * What kubectl and client libraries need to work with the gateway as one user, everything inline.
 *
 * @param name of the cluster and the context
 * @param server the gateway's address; with the path {@code /clusters/NAME} for one member
 * @param authorityPem what the gateway's certificate is checked against
 */
public record Kubeconfig(
    String name, URI server, String authorityPem, String user, KeyedCertificate credential) {
  private static final ObjectMapper YAML =
      new ObjectMapper(
          YAMLFactory.builder()
              .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
              .disable(YAMLGenerator.Feature.SPLIT_LINES)
              .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
              .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
              .build());

  /** The same narrowed to one member of the federation. */
  public Kubeconfig forCluster(String cluster) {
    String base = server.toString().replaceFirst("/+$", "");
    return new Kubeconfig(
        name + "-" + cluster,
        URI.create(base + "/clusters/" + cluster),
        authorityPem,
        user,
        credential);
  }

  public String yaml() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("apiVersion", "v1").put("kind", "Config");
    ObjectNode cluster = root.putArray("clusters").addObject().put("name", name);
    cluster
        .putObject("cluster")
        .put("server", server.toString())
        .put("certificate-authority-data", base64(authorityPem));
    ObjectNode person = root.putArray("users").addObject().put("name", user);
    setCredential(person.putObject("user"), credential);
    ObjectNode context = root.putArray("contexts").addObject().put("name", name);
    context.putObject("context").put("cluster", name).put("user", user);
    root.put("current-context", name);
    return text(root);
  }

  /**
   * Writes the file, readable by its owner only.
   *
   * @throws IOException if it can't be written; a file that was there is unharmed then
   */
  public void write(Path file) throws IOException {
    PrivateFiles.write(file, yaml());
  }

  /**
   * The certificate with which a kubeconfig's current context authenticates.
   *
   * @throws IllegalArgumentException if there is none inside the file; the message names the file
   */
  public static X509Certificate certificate(Path file) {
    return Pem.readCertificates(file, inline(file, "client-certificate-data")).getFirst();
  }

  /**
   * The same with its key.
   *
   * @throws IllegalArgumentException if they are not inside the file; the message names the file
   */
  public static KeyedCertificate credential(Path file) {
    return new KeyedCertificate(
        Pem.readCertificates(file, inline(file, "client-certificate-data")),
        Pem.readKey(file, inline(file, "client-key-data")));
  }

  private static String inline(Path file, String key) {
    JsonNode data = currentUser(file, read(file)).path(key);
    if (!data.isTextual()) {
      throw new IllegalArgumentException(file + " has no " + key + " for its current context");
    }
    return new String(Base64.getMimeDecoder().decode(data.asText()), StandardCharsets.UTF_8);
  }

  /**
   * Puts a new credential into a kubeconfig's current context and leaves the rest as it is.
   *
   * @throws IllegalArgumentException if the file is no kubeconfig; the message names it
   */
  public static void replaceCredential(Path file, KeyedCertificate credential) throws IOException {
    JsonNode root = read(file);
    setCredential(currentUser(file, root), credential);
    PrivateFiles.write(file, text(root));
  }

  private static void setCredential(ObjectNode user, KeyedCertificate credential) {
    user.put("client-certificate-data", base64(credential.chainPem()));
    user.put("client-key-data", base64(credential.keyPem()));
  }

  private static JsonNode read(Path file) {
    try {
      return YAML.readTree(KeyedCertificate.text(file));
    } catch (IOException e) {
      throw new IllegalArgumentException(file + " is not YAML", e); // the cause may quote the key
    }
  }

  private static ObjectNode currentUser(Path file, JsonNode root) {
    String context = root.path("current-context").asText();
    String user = named(root.path("contexts"), context).path("context").path("user").asText();
    if (named(root.path("users"), user).get("user") instanceof ObjectNode found) {
      return found;
    }
    throw new IllegalArgumentException(
        file + " has no user for its current context \"" + context + "\"");
  }

  private static JsonNode named(JsonNode list, String name) {
    if (list instanceof ArrayNode entries) {
      for (JsonNode entry : entries) {
        if (entry.path("name").asText().equals(name)) {
          return entry;
        }
      }
    }
    return JsonNodeFactory.instance.missingNode();
  }

  private static String text(JsonNode root) {
    try {
      return YAML.writeValueAsString(root);
    } catch (IOException e) {
      throw new IllegalStateException("a tree in memory can't be written", e);
    }
  }

  private static String base64(String pem) {
    return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8));
  }
}
