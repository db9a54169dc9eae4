package io.multicluster.server.flowcontrol;

import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.user.UserInfo;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.function.Predicate;

/**
 * Which requests belong to which priority level: a {@code FlowSchema} of {@code
 * flowcontrol.apiserver.k8s.io/v1}.
 *
 * @param uid as answers carry it
 * @param precedence 1 to 10000; the lowest that matches decides
 * @param distinguisher what makes flows within the schema
 */
record FlowSchema(
    String name,
    AsciiString uid,
    int precedence,
    String level,
    Distinguisher distinguisher,
    List<Rule> rules) {
  private static final String SERVICE_ACCOUNT = "system:serviceaccount:";

  /** What tells the flows of one schema apart. */
  enum Distinguisher {
    NONE,
    BY_USER,
    BY_NAMESPACE
  }

  /** Who, and what they do. */
  record Rule(
      List<Subject> subjects, List<ResourceRule> resources, List<NonResourceRule> nonResources) {
    Rule {
      subjects = List.copyOf(subjects);
      resources = List.copyOf(resources);
      nonResources = List.copyOf(nonResources);
    }

    boolean matches(UserInfo user, RequestInfo info) {
      return any(subjects, subject -> subject.matches(user))
          && (info.resourceRequest()
              ? any(resources, rule -> rule.matches(info))
              : any(nonResources, rule -> rule.matches(info)));
    }
  }

  /** Somebody. */
  sealed interface Subject {
    boolean matches(UserInfo user);

    /**
     * @param name or {@code *}
     */
    record User(String name) implements Subject {
      @Override
      public boolean matches(UserInfo user) {
        return name.equals("*") || name.equals(user.name());
      }
    }

    /**
     * @param name or {@code *}
     */
    record Group(String name) implements Subject {
      @Override
      public boolean matches(UserInfo user) {
        return name.equals("*") || user.groups().contains(name);
      }
    }

    /**
     * @param name or {@code *}
     */
    record ServiceAccount(String namespace, String name) implements Subject {
      @Override
      public boolean matches(UserInfo user) {
        String prefix = SERVICE_ACCOUNT + namespace + ":";
        return name.equals("*")
            ? user.name().startsWith(prefix)
            : user.name().equals(prefix + name);
      }
    }
  }

  /** Requests for resources. */
  record ResourceRule(
      List<String> verbs,
      List<String> apiGroups,
      List<String> resources,
      boolean clusterScope,
      List<String> namespaces) {
    ResourceRule {
      verbs = List.copyOf(verbs);
      apiGroups = List.copyOf(apiGroups);
      resources = List.copyOf(resources);
      namespaces = List.copyOf(namespaces);
    }

    boolean matches(RequestInfo info) {
      String resource =
          info.subresource().isEmpty()
              ? info.resource()
              : info.resource() + "/" + info.subresource();
      return has(verbs, info.verb())
          && has(apiGroups, info.group())
          && has(resources, resource)
          && (info.namespace().isEmpty() ? clusterScope : has(namespaces, info.namespace()));
    }
  }

  /** Requests for paths. */
  record NonResourceRule(List<String> verbs, List<String> urls) {
    NonResourceRule {
      verbs = List.copyOf(verbs);
      urls = List.copyOf(urls);
    }

    boolean matches(RequestInfo info) {
      return has(verbs, info.verb()) && any(urls, url -> covers(url, info.path()));
    }

    private static boolean covers(String url, String path) {
      return url.equals("*")
          || url.equals(path)
          || (url.endsWith("/*") && path.startsWith(url.substring(0, url.length() - 1)));
    }
  }

  FlowSchema {
    rules = List.copyOf(rules);
  }

  boolean matches(UserInfo user, RequestInfo info) {
    return any(rules, rule -> rule.matches(user, info));
  }

  /** Without a stream: every request looks through all schemas. */
  private static <T> boolean any(List<T> all, Predicate<T> wanted) {
    for (T each : all) {
      if (wanted.test(each)) {
        return true;
      }
    }
    return false;
  }

  /** Names the flow that a request belongs to, within this schema. */
  String flow(UserInfo user, RequestInfo info) {
    return switch (distinguisher) {
      case NONE -> "";
      case BY_USER -> user.name();
      case BY_NAMESPACE -> info.namespace();
    };
  }

  private static boolean has(List<String> allowed, String value) {
    return allowed.contains(value) || allowed.contains("*");
  }
}
