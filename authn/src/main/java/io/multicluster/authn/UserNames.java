package io.multicluster.authn;

import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** User names that Kubernetes gives a meaning. */
final class UserNames {
  private static final String SERVICE_ACCOUNT = "system:serviceaccount:";
  private static final String NODE = "system:node:";
  private static final String DNS_LABEL = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
  private static final Pattern LABEL = Pattern.compile(DNS_LABEL);
  private static final Pattern SUBDOMAIN = Pattern.compile(DNS_LABEL + "(?:\\." + DNS_LABEL + ")*");

  private UserNames() {}

  /** Whose user name is {@code system:serviceaccount:NAMESPACE:NAME}. */
  record ServiceAccount(String namespace, String name) {
    /** The groups that each service account has. */
    List<String> groups() {
      return List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace);
    }
  }

  /** Null if the user is no service account. */
  static @Nullable ServiceAccount serviceAccount(String user) {
    if (!user.startsWith(SERVICE_ACCOUNT)) {
      return null;
    }
    String[] parts = user.substring(SERVICE_ACCOUNT.length()).split(":", -1);
    return parts.length == 2 && label(parts[0]) && subdomain(parts[1])
        ? new ServiceAccount(parts[0], parts[1])
        : null;
  }

  /** The name of the node that the user is; null if the user is none. */
  static @Nullable String node(String user) {
    if (!user.startsWith(NODE)) {
      return null;
    }
    String name = user.substring(NODE.length());
    return subdomain(name) ? name : null;
  }

  static boolean label(String text) {
    return text.length() <= 63 && LABEL.matcher(text).matches();
  }

  static boolean subdomain(String text) {
    return text.length() <= 253 && SUBDOMAIN.matcher(text).matches();
  }
}
