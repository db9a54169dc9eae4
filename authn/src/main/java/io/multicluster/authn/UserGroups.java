package io.multicluster.authn;

import io.multicluster.wire.user.UserInfo;
import java.util.ArrayList;
import java.util.List;

/** The groups that Kubernetes adds to users. */
public final class UserGroups {
  private UserGroups() {}

  /**
   * The user as a member of {@code system:authenticated}, unless it is anonymous or says already
   * whether it is authenticated.
   */
  public static UserInfo authenticated(UserInfo user) {
    if (user.name().equals(UserInfo.ANONYMOUS.name())
        || user.groups().contains(UserInfo.AUTHENTICATED)
        || user.groups().contains(UserInfo.UNAUTHENTICATED)) {
      return user;
    }
    List<String> groups = new ArrayList<>(user.groups());
    groups.add(UserInfo.AUTHENTICATED);
    return new UserInfo(user.name(), user.uid(), groups, user.extra());
  }
}
