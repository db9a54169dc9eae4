package io.multicluster.testclusters.simulated;

import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.Status.Cause;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The query of a list or a watch.
 *
 * @param resourceVersion as sent; empty if absent, as the other texts are
 * @param sendInitialEvents null if absent
 */
record ListOptions(
    LabelSelector labels,
    FieldSelector fields,
    String resourceVersion,
    String match,
    long limit,
    String continueToken,
    long timeoutSeconds,
    boolean bookmarks,
    @Nullable Boolean sendInitialEvents) {

  static ListOptions of(ServerRequest request, ResourceType type) {
    return new ListOptions(
        LabelSelector.parse(request.parameter("labelSelector")),
        FieldSelector.parse(request.parameter("fieldSelector")).of(type),
        request.parameter("resourceVersion"),
        request.parameter("resourceVersionMatch"),
        request.number("limit"),
        request.parameter("continue"),
        request.number("timeoutSeconds"),
        request.flag("allowWatchBookmarks"),
        request.query().containsKey("sendInitialEvents")
            ? Boolean.valueOf(request.flag("sendInitialEvents"))
            : null);
  }

  boolean selects(Entry entry) {
    return labels.matches(entry.labels()) && fields.matches(entry);
  }

  boolean selectsEverything() {
    return labels.terms().isEmpty() && fields.terms().isEmpty();
  }

  boolean anyVersion() {
    return resourceVersion.isEmpty() || resourceVersion.equals("0");
  }

  /** The revision asked for; 0 where any will do. */
  long version() {
    return anyVersion() ? 0 : Long.parseLong(resourceVersion);
  }

  void checkList() {
    if (sendInitialEvents != null) {
      throw invalid(
          "sendInitialEvents", "sendInitialEvents is forbidden for list", "FieldValueForbidden");
    }
    if (!match.isEmpty()) {
      checkMatch();
      if (!continueToken.isEmpty()) {
        throw invalid(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden when continue is provided",
            "FieldValueForbidden");
      }
      if (match.equals("Exact") && resourceVersion.equals("0")) {
        throw invalid(
            "resourceVersionMatch",
            "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            "FieldValueForbidden");
      }
    }
    if (!continueToken.isEmpty() && !anyVersion()) {
      throw ApiException.badRequest(
          "specifying resource version is not allowed when using continue");
    }
    if (!isNumber()) {
      throw ApiException.badRequest("invalid resource version: " + notANumber());
    }
  }

  private void checkMatch() {
    if (resourceVersion.isEmpty()) {
      throw invalid(
          "resourceVersionMatch",
          "resourceVersionMatch is forbidden unless resourceVersion is provided",
          "FieldValueForbidden");
    }
    if (!match.equals("Exact") && !match.equals("NotOlderThan")) {
      throw new ApiException(
          ApiException.invalid(
                  "meta.k8s.io",
                  "ListOptions",
                  "",
                  List.of(
                      new Cause(
                          "FieldValueNotSupported",
                          "Unsupported value: \""
                              + match
                              + "\": supported values: \"Exact\", \"NotOlderThan\", \"\"",
                          "resourceVersionMatch")))
              .status());
    }
  }

  void checkWatch() {
    if (sendInitialEvents == null && !match.isEmpty()) {
      throw invalid(
          "resourceVersionMatch",
          "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
          "FieldValueForbidden");
    }
    if (sendInitialEvents != null) {
      if (match.isEmpty()) {
        throw invalid(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            "FieldValueForbidden");
      }
      if (!match.equals("NotOlderThan")) {
        throw invalid(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            "FieldValueForbidden");
      }
    }
    if (!continueToken.isEmpty()) {
      throw invalid(
          "resourceVersionMatch",
          "resourceVersionMatch is forbidden when continue is provided",
          "FieldValueForbidden");
    }
    if (!isNumber()) {
      throw new ApiException(Status.failure(500, "", notANumber()));
    }
  }

  private String notANumber() {
    return "resourceVersion: Invalid value: \""
        + resourceVersion
        + "\": strconv.ParseUint: parsing \""
        + resourceVersion
        + "\": invalid syntax";
  }

  private boolean isNumber() {
    return resourceVersion.isEmpty() || resourceVersion.matches("[0-9]{1,18}");
  }

  private static ApiException invalid(String field, String why, String reason) {
    return ApiException.invalid(
        "meta.k8s.io", "ListOptions", "", List.of(new Cause(reason, "Forbidden: " + why, field)));
  }
}
