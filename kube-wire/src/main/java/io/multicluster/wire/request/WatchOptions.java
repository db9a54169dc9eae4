package io.multicluster.wire.request;

import io.multicluster.wire.rv.ResourceVersion;
import io.multicluster.wire.selector.FieldSelector;
import io.multicluster.wire.selector.LabelSelector;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status.Cause;
import java.util.ArrayList;
import java.util.List;

/**
 * The parameters of a watch.
 *
 * @param fields in the stored spelling
 * @param resourceVersion with initial events, how fresh the initial state must be; without, the
 *     state after which changes are sent, where both {@code MostRecent} and {@code Any} mean from
 *     now on
 * @param initialEvents whether the state itself comes first, as ADDED events; together with {@code
 *     bookmarks} they are closed by a bookmark that says so. True also for a client that did not
 *     ask for it but sent no resourceVersion or {@code 0}
 * @param bookmarks whether the client takes bookmarks
 * @param timeoutSeconds when the client wants the stream to end; 0 leaves it to the server
 */
public record WatchOptions(
    LabelSelector labels,
    FieldSelector fields,
    ResourceVersion resourceVersion,
    boolean initialEvents,
    boolean bookmarks,
    long timeoutSeconds) {

  /**
   * @throws ApiException 400 or 422
   */
  public static WatchOptions parse(Query query, RequestInfo info) {
    ListParameters parameters = ListParameters.parse(query);
    validate(parameters);
    FieldSelector fields = parameters.fieldsFor(info);
    ResourceVersion version =
        ResourceVersion.parseForWatch(parameters.resourceVersion(), info.groupResource());
    Boolean asked = parameters.sendInitialEvents();
    return new WatchOptions(
        parameters.labels(),
        fields,
        version,
        asked == null ? !(version instanceof ResourceVersion.At) : asked,
        parameters.bookmarks(),
        Math.max(0, parameters.timeoutSeconds()));
  }

  private static void validate(ListParameters parameters) {
    String match = parameters.match();
    boolean asked = parameters.sendInitialEvents() != null;
    List<Cause> causes = new ArrayList<>(0);
    if (asked && !match.equals("NotOlderThan")) {
      causes.add(
          ListParameters.forbidden(
              "resourceVersionMatch",
              "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
    }
    if (!match.isEmpty()) {
      if (!asked) {
        causes.add(
            ListParameters.forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is"
                    + " provided"));
      }
      if (!match.equals("NotOlderThan")) {
        causes.add(ListParameters.unsupportedMatch(match, "\"NotOlderThan\""));
      }
      if (!parameters.continueToken().isEmpty()) {
        causes.add(
            ListParameters.forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden when continue is provided"));
      }
    }
    ListParameters.throwIfAny(causes);
  }
}
