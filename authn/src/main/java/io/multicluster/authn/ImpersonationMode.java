package io.multicluster.authn;

import io.multicluster.wire.user.UserInfo;
import java.util.List;
import java.util.Map;

/** The kinds of permissions that let somebody act as somebody else, in the order of trying. */
enum ImpersonationMode {
  /** A service account acts as the node that its pod runs on. */
  ASSOCIATED_NODE("associated-node") {
    @Override
    boolean applies(UserInfo requester, Wanted wanted) {
      String node = UserNames.node(wanted.name());
      return node != null
          && wanted.nameOnly()
          && UserNames.serviceAccount(requester.name()) != null
          && List.of(node).equals(requester.extra().get(NODE_NAME));
    }

    // Every node is asked about at once, and which pod it is does not matter: one permission serves
    // all pods of a service account.
    @Override
    Attributes question(Attributes attributes) {
      UserInfo user = attributes.user();
      UserInfo anyPod =
          new UserInfo(
              user.name(),
              user.uid(),
              user.groups(),
              Map.of(
                  "authentication.kubernetes.io/associated-node-keys",
                  user.extra().keySet().stream().sorted().toList()));
      return attributes.verb().equals(verb())
          ? attributes.withUser(anyPod).withName("*")
          : attributes.withUser(anyPod);
    }
  },
  ARBITRARY_NODE("arbitrary-node") {
    @Override
    boolean applies(UserInfo requester, Wanted wanted) {
      return wanted.nameOnly() && UserNames.node(wanted.name()) != null;
    }
  },
  SERVICE_ACCOUNT("serviceaccount") {
    @Override
    boolean applies(UserInfo requester, Wanted wanted) {
      return wanted.nameOnly() && UserNames.serviceAccount(wanted.name()) != null;
    }
  },
  /** Everybody who is neither a node nor a service account. */
  USER_INFO("user-info") {
    @Override
    boolean applies(UserInfo requester, Wanted wanted) {
      return UserNames.node(wanted.name()) == null
          && UserNames.serviceAccount(wanted.name()) == null;
    }
  },
  /** The permission from before KEP-5284: whoever it is, whatever is done. */
  PLAIN("") {
    @Override
    boolean applies(UserInfo requester, Wanted wanted) {
      return true;
    }
  };

  private static final String NODE_NAME = "authentication.kubernetes.io/node-name";

  private final String mode;

  ImpersonationMode(String mode) {
    this.mode = mode;
  }

  /** The identity that a request's headers ask for, as they say it. */
  record Wanted(String name, String uid, List<String> groups, Map<String, List<String>> extra) {
    boolean nameOnly() {
      return uid.isEmpty() && groups.isEmpty() && extra.isEmpty();
    }
  }

  abstract boolean applies(UserInfo requester, Wanted wanted);

  /** What the authorizer is asked instead of {@code attributes}. */
  Attributes question(Attributes attributes) {
    return attributes;
  }

  boolean constrained() {
    return this != PLAIN;
  }

  /** The verb that is needed on the parts of the identity. */
  String verb() {
    return constrained() ? "impersonate:" + mode : "impersonate";
  }

  /** The verb that is needed on what the request is about; constrained modes only. */
  String verbOn(String requestVerb) {
    return "impersonate-on:" + mode + ":" + requestVerb;
  }

  /** The group of the resources {@code users} and {@code groups}. */
  String identityGroup() {
    return constrained() ? "authentication.k8s.io" : "";
  }
}
