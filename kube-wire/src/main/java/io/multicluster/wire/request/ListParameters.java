package io.multicluster.wire.request;

import io.multicluster.wire.selector.FieldLabels;
import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.selector.FieldSelector.Requirement;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.GoText;
import io.multicluster.wire.status.Status.Cause;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What lists and watches have in common: the parameters read, each by itself, in the order in which
 * kube-apiserver finds mistakes in them.
 *
 * @param match as sent
 * @param sendInitialEvents null if absent
 * @param fields in the spelling of the request
 */
record ListParameters(
    long timeoutSeconds,
    long limit,
    LabelSelector labels,
    FieldSelector fields,
    String resourceVersion,
    String match,
    String continueToken,
    boolean bookmarks,
    @Nullable Boolean sendInitialEvents) {

  static ListParameters parse(Query query) {
    return new ListParameters(
        query.integer("timeoutSeconds"),
        query.integer("limit"),
        LabelSelector.parse(query.get("labelSelector")),
        FieldSelector.parse(query.get("fieldSelector")),
        query.get("resourceVersion"),
        query.get("resourceVersionMatch"),
        query.get("continue"),
        query.truthy("allowWatchBookmarks"),
        query.has("sendInitialEvents") ? query.truthy("sendInitialEvents") : null);
  }

  /**
   * The field selector in the stored spelling, narrowed to the request's name if it has one: the
   * legacy form {@code /watch/pods/NAME} is a watch of that name.
   */
  FieldSelector fieldsFor(RequestInfo info) {
    FieldSelector stored = FieldLabels.of(info.groupResource()).stored(fields);
    String name = info.name();
    if (name.isEmpty() || name.equals(stored.exactly("metadata.name"))) {
      return stored;
    }
    if (!stored.isEmpty()) {
      throw ApiException.badRequest("fieldSelector metadata.name doesn't match requested name");
    }
    return stored.and(new Requirement("metadata.name", true, name));
  }

  static Cause forbidden(String field, String why) {
    return new Cause("FieldValueForbidden", "Forbidden: " + why, field);
  }

  static Cause unsupportedMatch(String match, String supported) {
    return new Cause(
        "FieldValueNotSupported",
        "Unsupported value: " + GoText.quote(match) + ": supported values: " + supported,
        "resourceVersionMatch");
  }

  static void throwIfAny(List<Cause> causes) {
    if (!causes.isEmpty()) {
      throw ApiException.invalid("meta.k8s.io", "ListOptions", "", causes);
    }
  }
}
