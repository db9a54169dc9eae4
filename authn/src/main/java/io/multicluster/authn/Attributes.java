package io.multicluster.authn;

import io.multicluster.wire.request.RequestInfo;
import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.GoText;
import io.multicluster.wire.user.UserInfo;

/**
 * The question that an authorizer answers. Strings are empty where they do not apply.
 *
 * @param resourceRequest whether a resource is asked for; if not, only {@code verb} and {@code
 *     path} count
 * @param namespace empty for cluster-scoped and all-namespaces requests
 * @param fieldSelector raw, for list, watch and deletecollection
 * @param labelSelector raw, for list, watch and deletecollection
 */
public record Attributes(
    UserInfo user,
    boolean resourceRequest,
    String verb,
    String namespace,
    String group,
    String version,
    String resource,
    String subresource,
    String name,
    String path,
    String fieldSelector,
    String labelSelector) {

  /**
   * The question whether {@code user} may make a request.
   *
   * @param fieldSelector the raw query parameter; empty if absent
   * @param labelSelector the raw query parameter; empty if absent
   */
  public static Attributes of(
      UserInfo user, RequestInfo request, String fieldSelector, String labelSelector) {
    boolean selects =
        switch (request.verb()) {
          case "list", "watch", "deletecollection" -> request.resourceRequest();
          default -> false;
        };
    return new Attributes(
        user,
        request.resourceRequest(),
        request.verb(),
        request.namespace(),
        request.group(),
        request.version(),
        request.resource(),
        request.subresource(),
        request.name(),
        request.path(),
        selects ? fieldSelector : "",
        selects ? labelSelector : "");
  }

  /** A question about one resource, such as a permission to impersonate. */
  public static Attributes ofResource(
      UserInfo user,
      String verb,
      GroupResource resource,
      String version,
      String subresource,
      String namespace,
      String name) {
    return new Attributes(
        user,
        true,
        verb,
        namespace,
        resource.group(),
        version,
        resource.resource(),
        subresource,
        name,
        "",
        "",
        "");
  }

  /** A question about a path that is no resource. */
  public static Attributes ofPath(UserInfo user, String verb, String path) {
    return new Attributes(user, false, verb, "", "", "", "", "", "", path, "", "");
  }

  Attributes withUser(UserInfo other) {
    return with(other, verb, name);
  }

  Attributes withVerb(String other) {
    return with(user, other, name);
  }

  Attributes withName(String other) {
    return with(user, verb, other);
  }

  private Attributes with(UserInfo newUser, String newVerb, String newName) {
    return new Attributes(
        newUser,
        resourceRequest,
        newVerb,
        namespace,
        group,
        version,
        resource,
        subresource,
        newName,
        path,
        fieldSelector,
        labelSelector);
  }

  public GroupResource groupResource() {
    return new GroupResource(group, resource);
  }

  /**
   * The 403 of kube-apiserver, word for word.
   *
   * @param reason the authorizer's; may be empty
   */
  public ApiException forbidden(String reason) {
    String what = escaped(sentence());
    return ApiException.forbidden(
        groupResource(), name, reason.isEmpty() ? what : what + ": " + reason);
  }

  private String sentence() {
    String who = "User " + GoText.quote(user.name()) + " cannot " + verb;
    if (!resourceRequest) {
      return who + " path " + GoText.quote(path);
    }
    return who
        + " resource "
        + GoText.quote(subresource.isEmpty() ? resource : resource + "/" + subresource)
        + " in API group "
        + GoText.quote(group)
        + (namespace.isEmpty()
            ? " at the cluster scope"
            : " in the namespace " + GoText.quote(namespace));
  }

  /** Names come from the client: no markup of theirs may reach a browser. */
  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
