package io.multicluster.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.multicluster.wire.negotiate.Format;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.status.ApiException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * How something is to be deleted. As in kube-apiserver a body, if there is one, makes the options
 * in the query count for nothing, {@code dryRun} included.
 *
 * @param uid the deletion's precondition; empty if none
 * @param resourceVersion the deletion's precondition; empty if none
 * @param propagationPolicy empty if not said
 */
record DeleteOptions(
    @Nullable Long gracePeriodSeconds,
    String uid,
    String resourceVersion,
    @Nullable Boolean orphanDependents,
    String propagationPolicy,
    List<String> dryRun) {

  DeleteOptions {
    dryRun = List.copyOf(dryRun);
  }

  /**
   * @throws ApiException 400
   */
  static DeleteOptions parse(Format format, byte[] body, Query query) {
    if (body.length == 0) {
      return ofQuery(query);
    }
    try {
      return switch (format) {
        case JSON -> of(KubeObject.JSON.readTree(body));
        case YAML -> of(KubeObject.JSON.valueToTree(yaml(body)));
        case PROTOBUF -> {
          Envelope.Content content = Envelope.open(body, 0, body.length);
          yield of(new ProtoReader(body, content.rawStart(), content.rawEnd()));
        }
      };
    } catch (IOException | MalformedProtoException | YAMLException | IllegalArgumentException e) {
      throw ApiException.badRequest("the body holds no DeleteOptions: " + e.getMessage());
    }
  }

  private static Object yaml(byte[] body) {
    LoaderOptions limits = new LoaderOptions();
    limits.setAllowDuplicateKeys(false);
    return new Yaml(new SafeConstructor(limits)).load(new String(body, StandardCharsets.UTF_8));
  }

  private static DeleteOptions ofQuery(Query query) {
    String grace = query.get("gracePeriodSeconds");
    String orphan = query.get("orphanDependents");
    Long seconds = null;
    if (!grace.isEmpty()) {
      try {
        seconds = Long.valueOf(grace);
      } catch (NumberFormatException e) {
        throw ApiException.badRequest(
            "strconv.ParseInt: parsing \"" + grace + "\": invalid syntax");
      }
    }
    return new DeleteOptions(
        seconds,
        "",
        "",
        orphan.isEmpty()
            ? null
            : !orphan.toLowerCase(Locale.ROOT).equals("false") && !orphan.equals("0"),
        query.get("propagationPolicy"),
        query.all("dryRun"));
  }

  private static DeleteOptions of(JsonNode body) throws IOException {
    if (!body.isObject()) {
      throw new IOException("no object");
    }
    String kind = body.path("kind").asText("DeleteOptions");
    if (!kind.equals("DeleteOptions")) {
      throw new IOException("it is of kind " + kind);
    }
    List<String> dryRun = new ArrayList<>();
    body.path("dryRun").forEach(value -> dryRun.add(value.asText()));
    return new DeleteOptions(
        body.hasNonNull("gracePeriodSeconds") ? body.get("gracePeriodSeconds").longValue() : null,
        text(body.path("preconditions").path("uid")),
        text(body.path("preconditions").path("resourceVersion")),
        body.hasNonNull("orphanDependents") ? body.get("orphanDependents").asBoolean() : null,
        text(body.path("propagationPolicy")),
        dryRun);
  }

  private static String text(JsonNode value) {
    return value.isTextual() ? value.textValue() : "";
  }

  static DeleteOptions of(ProtoReader options) {
    Long grace = null;
    String uid = "";
    String version = "";
    Boolean orphan = null;
    String propagation = "";
    List<String> dryRun = new ArrayList<>();
    while (options.next()) {
      switch (options.field()) {
        case 1 -> grace = options.int64();
        case 2 -> {
          ProtoReader preconditions = options.message();
          while (preconditions.next()) {
            switch (preconditions.field()) {
              case 1 -> uid = preconditions.string();
              case 2 -> version = preconditions.string();
              default -> {}
            }
          }
        }
        case 3 -> orphan = options.bool();
        case 4 -> propagation = options.string();
        case 5 -> dryRun.add(options.string());
        default -> {}
      }
    }
    return new DeleteOptions(grace, uid, version, orphan, propagation, dryRun);
  }

  boolean isDryRun() {
    return !dryRun.isEmpty();
  }

  /** Whether what the object owns stays. */
  boolean orphans() {
    return propagationPolicy.equals("Orphan") || Boolean.TRUE.equals(orphanDependents);
  }

  /** The same options for exactly one state of an object, as JSON. */
  byte[] onlyIf(String objectUid, String objectVersion) {
    ObjectNode body =
        KubeObject.JSON.createObjectNode().put("apiVersion", "v1").put("kind", "DeleteOptions");
    if (gracePeriodSeconds != null) {
      body.put("gracePeriodSeconds", gracePeriodSeconds);
    }
    if (orphanDependents != null) {
      body.put("orphanDependents", orphanDependents);
    }
    if (!propagationPolicy.isEmpty()) {
      body.put("propagationPolicy", propagationPolicy);
    }
    if (!dryRun.isEmpty()) {
      body.set("dryRun", KubeObject.JSON.valueToTree(dryRun));
    }
    body.putObject("preconditions").put("uid", objectUid).put("resourceVersion", objectVersion);
    return body.toString().getBytes(StandardCharsets.UTF_8);
  }
}
