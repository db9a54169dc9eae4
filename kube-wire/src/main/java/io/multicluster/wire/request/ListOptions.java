package io.multicluster.wire.request;

import io.multicluster.wire.rv.ContinueToken;
import io.multicluster.wire.rv.ResourceVersion;
import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status.Cause;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a list.
 *
 * @param fields in the stored spelling
 * @param limit most items to answer; 0 for all
 * @param continueToken null on a first page
 */
public record ListOptions(
    LabelSelector labels,
    FieldSelector fields,
    ResourceVersion resourceVersion,
    Match match,
    long limit,
    @Nullable ContinueToken continueToken) {

  /** How {@code resourceVersion} is to be taken. */
  public enum Match {
    /** Nothing said; what that means depends on the limit. */
    UNSET,
    EXACT,
    NOT_OLDER_THAN
  }

  /**
   * @throws ApiException 400 or 422
   */
  public static ListOptions parse(Query query, RequestInfo info) {
    ListParameters parameters = ListParameters.parse(query);
    validate(parameters);
    FieldSelector fields = parameters.fieldsFor(info);
    ContinueToken token =
        parameters.continueToken().isEmpty()
            ? null
            : ContinueToken.decode(parameters.continueToken());
    String version = parameters.resourceVersion();
    if (token != null && !version.isEmpty() && !version.equals("0")) {
      throw ApiException.badRequest(
          "specifying resource version is not allowed when using continue");
    }
    return new ListOptions(
        parameters.labels(),
        fields,
        ResourceVersion.parse(version),
        switch (parameters.match()) {
          case "Exact" -> Match.EXACT;
          case "NotOlderThan" -> Match.NOT_OLDER_THAN;
          default -> Match.UNSET;
        },
        Math.max(0, parameters.limit()),
        token);
  }

  private static void validate(ListParameters parameters) {
    String match = parameters.match();
    List<Cause> causes = new ArrayList<>(0);
    if (!match.isEmpty()) {
      if (parameters.resourceVersion().isEmpty()) {
        causes.add(
            ListParameters.forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden unless resourceVersion is provided"));
      }
      if (!parameters.continueToken().isEmpty()) {
        causes.add(
            ListParameters.forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden when continue is provided"));
      }
      if (!match.equals("Exact") && !match.equals("NotOlderThan")) {
        causes.add(ListParameters.unsupportedMatch(match, "\"Exact\", \"NotOlderThan\", \"\""));
      }
      if (match.equals("Exact") && parameters.resourceVersion().equals("0")) {
        causes.add(
            ListParameters.forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
      }
    }
    if (parameters.sendInitialEvents() != null) {
      causes.add(
          ListParameters.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    }
    ListParameters.throwIfAny(causes);
  }
}
