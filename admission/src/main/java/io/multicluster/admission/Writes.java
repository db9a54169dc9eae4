package io.multicluster.admission;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.request.DeleteOptions;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.multicluster.wire.status.StatusDecoder;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * Carries a change out as the user who asked for it, and only if the object is in the state that
 * was judged. The counterpart of {@link Reads}.
 */
record Writes(AdmissionRequest request) {
  /** How often a change is tried while other writers are faster. */
  static final int ATTEMPTS = 16;

  /** Older than any object: as a precondition it means that there is none. */
  private static final String BEFORE_ALL = "1";

  /** What an object has to be at for a change to find it in this state; null if there is none. */
  static String version(@Nullable KubeObject object) {
    return object == null ? BEFORE_ALL : object.resourceVersion();
  }

  /** Has the API server compute the object after the change. */
  ApiServer.Answer dryRun(byte[] body) {
    String query = request.head().query();
    String asked =
        request.isDryRun() ? query : query.isEmpty() ? "dryRun=All" : query + "&dryRun=All";
    Http2Headers headers = headers();
    headers.set("accept", "application/json");
    return call(request.head().method(), request.path(), asked, headers, body);
  }

  /** Makes the change, and answers as the client would have it. */
  ApiServer.Answer change(byte[] body) {
    RequestHead head = request.head();
    return call(head.method(), request.path(), head.query(), headers(), body);
  }

  /** Deletes exactly this state of an object, and answers as the client would have it. */
  ApiServer.Answer delete(DeleteOptions options, KubeObject judged) {
    return delete(request.path(), request.head().query(), headers(), of(judged, options));
  }

  /** The same to one of several: its answer is in no form that a client has asked for. */
  ApiServer.Answer deleteOneOf(String path, DeleteOptions options, KubeObject judged) {
    return delete(path, "", headers().set("accept", "application/json"), of(judged, options));
  }

  private static DeleteOptions of(KubeObject judged, DeleteOptions options) {
    return new DeleteOptions(
        options.gracePeriodSeconds(),
        judged.uid(),
        judged.resourceVersion(),
        options.orphanDependents(),
        options.propagationPolicy(),
        options.dryRun());
  }

  /**
   * What the API server answers to the deletion of the collection. It changes nothing.
   *
   * @param version at which the objects are listed; empty for now
   */
  ApiServer.Answer dryDeletion(DeleteOptions options, String version) {
    // Of a parameter that is there twice the first counts.
    String query =
        "dryRun=All"
            + (version.isEmpty()
                ? ""
                : "&resourceVersionMatch=Exact&resourceVersion=" + Reads.encode(version))
            + (request.head().query().isEmpty() ? "" : "&" + request.head().query());
    return delete(request.objectPath(), query, headers(), options.asDryRun());
  }

  private ApiServer.Answer delete(
      String path, String query, Http2Headers headers, DeleteOptions options) {
    headers.set("content-type", "application/json");
    return call("DELETE", path, query, headers, options.json());
  }

  private ApiServer.Answer call(
      String method, String path, String query, Http2Headers headers, byte[] body) {
    return request
        .server()
        .call(new RequestHead(method, path, query, headers), body, request.user());
  }

  private Http2Headers headers() {
    Http2Headers copy = new DefaultHttp2Headers(false);
    copy.add(request.head().headers());
    copy.remove("content-length");
    return copy;
  }

  /**
   * Whether another writer was faster: a conflict that comes from the state that we asked for, and
   * not from what the client did.
   */
  boolean overtaken(ApiServer.Answer answer, Reads reads, String version) {
    return isConflict(answer) && !version.equals(version(reads.get(request.objectPath())));
  }

  /** Whether the API server says that the object is not in the state that was asked for. */
  static boolean isConflict(ApiServer.Answer answer) {
    if (answer.status() != 409) {
      return false;
    }
    Status status = StatusDecoder.decode(answer.body());
    return status != null
        && status.reason().equals("Conflict")
        && (status.details() == null
            || status.details().causes().stream()
                .noneMatch(cause -> cause.reason().equals("FieldManagerConflict")));
  }

  /** What an API server says to who was not fast enough. */
  ApiException modified() {
    return ApiException.conflict(
        request.info().groupResource(),
        request.info().name(),
        "the object has been modified; please apply your changes to the latest version and try"
            + " again");
  }
}
