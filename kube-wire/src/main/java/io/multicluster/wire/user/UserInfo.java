package io.multicluster.wire.user;

import java.util.List;
import java.util.Map;

/**
 * An identity in Kubernetes' sense.
 *
 * @param name never empty
 * @param uid empty if the authenticator knows none
 * @param groups in the order given by the authenticator, {@code system:authenticated} included
 * @param extra keys lower case; values in order
 */
public record UserInfo(
    String name, String uid, List<String> groups, Map<String, List<String>> extra) {
  public static final String SYSTEM_MASTERS = "system:masters";
  public static final String AUTHENTICATED = "system:authenticated";
  public static final String UNAUTHENTICATED = "system:unauthenticated";
  public static final UserInfo ANONYMOUS =
      new UserInfo("system:anonymous", "", List.of(UNAUTHENTICATED), Map.of());

  public UserInfo {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("a user has a name");
    }
    groups = List.copyOf(groups);
    extra = Map.copyOf(extra);
  }
}
