package io.multicluster.server.audit;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is recorded of which request: a {@code Policy} of {@code audit.k8s.io/v1}, evaluated as
 * kube-apiserver does. The first rule that matches decides; where none does, nothing is recorded.
 */
public record AuditPolicy(
    String apiVersion,
    String kind,
    @Nullable Object metadata,
    List<Rule> rules,
    Set<Stage> omitStages,
    boolean omitManagedFields) {

  /**
   * Where the configuration names no policy: changes, sessions in pods, and reads of secrets, each
   * without bodies. What the gateway does most, reading, leaves no record.
   */
  public static final AuditPolicy DEFAULT =
      parse(
          """
          apiVersion: audit.k8s.io/v1
          kind: Policy
          rules:
          - level: None
            verbs: [create]
            resources:
            - {group: authorization.k8s.io}
            - {group: authentication.k8s.io, resources: [selfsubjectreviews]}
          - level: Metadata
            verbs: [create, update, patch, delete, deletecollection]
          - level: Metadata
            resources:
            - {group: "", resources: [secrets, pods/exec, pods/attach, pods/portforward, pods/proxy]}
          """,
          "built-in policy");

  public AuditPolicy {
    check("audit.k8s.io/v1".equals(apiVersion), "apiVersion must be audit.k8s.io/v1");
    check("Policy".equals(kind), "kind must be Policy");
    rules = list(rules);
    check(!rules.isEmpty(), "a policy needs at least one rule");
    omitStages = stages(omitStages);
  }

  /**
   * One rule. All conditions that it has must hold; an empty list is no condition.
   *
   * @param omitManagedFields null: as the policy says
   */
  record Rule(
      Level level,
      List<String> users,
      List<String> userGroups,
      List<String> verbs,
      List<GroupResources> resources,
      List<String> namespaces,
      @com.fasterxml.jackson.annotation.JsonProperty("nonResourceURLs")
          List<String> nonResourceUrls,
      Set<Stage> omitStages,
      @Nullable Boolean omitManagedFields) {
    Rule {
      check(level != null, "a rule needs a level: None, Metadata, Request or RequestResponse");
      users = list(users);
      userGroups = list(userGroups);
      verbs = list(verbs);
      resources = list(resources);
      namespaces = list(namespaces);
      nonResourceUrls = list(nonResourceUrls);
      omitStages = stages(omitStages);
      check(
          nonResourceUrls.isEmpty() || (resources.isEmpty() && namespaces.isEmpty()),
          "a rule has nonResourceURLs, or resources and namespaces, not both");
      for (String url : nonResourceUrls) {
        int star = url.indexOf('*');
        check(
            url.equals("*") || (url.startsWith("/") && (star < 0 || star == url.length() - 1)),
            "nonResourceURLs: \"" + url + "\" is not \"*\" or a path, with * only at its end");
      }
    }

    boolean matches(@Nullable UserInfo user, RequestInfo info) {
      if (!users.isEmpty() && (user == null || !users.contains(user.name()))) {
        return false;
      }
      if (!userGroups.isEmpty()
          && (user == null || Collections.disjoint(user.groups(), userGroups))) {
        return false;
      }
      if (!verbs.isEmpty() && !verbs.contains(info.verb())) {
        return false;
      }
      if (!resources.isEmpty() || !namespaces.isEmpty()) {
        return info.resourceRequest()
            && (namespaces.isEmpty() || namespaces.contains(info.namespace()))
            && (resources.isEmpty() || isOneOfTheResources(info));
      }
      return nonResourceUrls.isEmpty()
          || (!info.resourceRequest()
              && nonResourceUrls.stream().anyMatch(url -> pathMatches(url, info.path())));
    }

    /** Without a stream: this is asked about every request. */
    private boolean isOneOfTheResources(RequestInfo info) {
      for (GroupResources these : resources) {
        if (these.matches(info)) {
          return true;
        }
      }
      return false;
    }

    private static boolean pathMatches(String url, String path) {
      return url.endsWith("*")
          ? path.startsWith(url.substring(0, url.length() - 1))
          : path.equals(url);
    }
  }

  /**
   * Resources of one API group.
   *
   * @param resources {@code pods}, {@code pods/log}, {@code pods/*}, {@code *}{@code /scale},
   *     {@code *}; empty for all
   */
  record GroupResources(String group, List<String> resources, List<String> resourceNames) {
    GroupResources {
      group = group == null ? "" : group;
      resources = list(resources);
      resourceNames = list(resourceNames);
      check(
          resourceNames.isEmpty() || !resources.isEmpty(),
          "resourceNames need at least one entry in resources");
    }

    boolean matches(RequestInfo info) {
      if (!group.equals(info.group())) {
        return false;
      }
      if (resources.isEmpty()) {
        return true;
      }
      if (!resourceNames.isEmpty() && !resourceNames.contains(info.name())) {
        return false;
      }
      for (String pattern : resources) {
        if (matches(pattern, info.resource(), info.subresource())) {
          return true;
        }
      }
      return false;
    }

    private static boolean matches(String pattern, String resource, String subresource) {
      if (pattern.indexOf('/') < 0) {
        return pattern.equals("*") || (subresource.isEmpty() && pattern.equals(resource));
      }
      return pattern.equals(resource + "/*")
          || (!subresource.isEmpty()
              && (pattern.equals(resource + "/" + subresource)
                  || pattern.equals("*/" + subresource)));
    }
  }

  /**
   * What holds for one request.
   *
   * @param rule the place of the rule that matched in the policy, counted from 0; -1 for none
   */
  record Verdict(Level level, Set<Stage> omitStages, boolean omitManagedFields, int rule) {
    static final Verdict NOTHING = new Verdict(Level.NONE, Set.of(), false, -1);
  }

  /**
   * Judges a request.
   *
   * @param user before impersonation; null if nobody was authenticated
   */
  Verdict evaluate(@Nullable UserInfo user, RequestInfo info) {
    for (int i = 0; i < rules.size(); i++) {
      Rule rule = rules.get(i);
      if (rule.matches(user, info)) {
        EnumSet<Stage> omitted = EnumSet.noneOf(Stage.class);
        omitted.addAll(omitStages);
        omitted.addAll(rule.omitStages);
        return new Verdict(
            rule.level,
            omitted,
            rule.omitManagedFields == null ? omitManagedFields : rule.omitManagedFields,
            i);
      }
    }
    return Verdict.NOTHING;
  }

  /**
   * Reads a policy file.
   *
   * @throws IOException if it can't be read
   * @throws IllegalArgumentException if it is no policy; the message says where and why
   */
  public static AuditPolicy read(Path file) throws IOException {
    return parse(Files.readString(file), file.toString());
  }

  static AuditPolicy parse(String text, String origin) {
    YAMLMapper yaml =
        YAMLMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    try {
      return yaml.readValue(text, AuditPolicy.class);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      throw new IllegalArgumentException(
          origin
              + (at == null ? "" : ":" + at.getLineNr() + ":" + at.getColumnNr())
              + ": "
              + e.getOriginalMessage().lines().findFirst().orElse("is no audit policy"),
          e);
    }
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  private static <T> List<T> list(@Nullable List<T> values) {
    return values == null ? List.of() : List.copyOf(values);
  }

  private static Set<Stage> stages(@Nullable Set<Stage> values) {
    return values == null ? Set.of() : Set.copyOf(values);
  }
}
