package io.multicluster.server.members;

import io.multicluster.wire.negotiate.Negotiator;
import io.multicluster.wire.negotiate.PatchType;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.request.RequestInfo;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request as its member is to get it.
 *
 * @param otherwise what to send if the member answers 422 to {@code first}; null to leave it at
 *     that
 */
record Body(byte[] first, byte @Nullable [] otherwise) {

  /**
   * Rewrites a body in the member's terms. One that can't be read stays as it is, for the member to
   * say what is wrong with it: unread, a resourceVersion of ours names no state there.
   *
   * @param shown the object as the client sees it, in JSON; null if there is none
   * @throws io.multicluster.wire.status.ApiException 415; or as {@link MemberTerms} does
   */
  static Body of(
      byte[] body,
      @Nullable String contentType,
      RequestInfo info,
      byte @Nullable [] shown,
      MemberTerms terms) {
    if (body.length == 0) {
      return new Body(body, null);
    }
    Place place =
        info.verb().equals("delete") || info.verb().equals("deletecollection")
            ? Place.DELETE_OPTIONS
            : info.subresource().equals("eviction") ? Place.EVICTION : Place.OBJECT;
    try {
      if (!info.verb().equals("patch")) {
        return new Body(
            switch (Negotiator.body(contentType)) {
              case JSON -> JsonBody.inTerms(body, place, terms);
              case YAML -> YamlBody.inTerms(body, place, terms);
              case PROTOBUF -> ProtobufBody.inTerms(body, place, terms);
            },
            null);
      }
      return switch (PatchType.of(contentType, true)) {
        case JSON -> {
          JsonPatch.Rewritten patch = JsonPatch.inTerms(body, shown, terms);
          yield new Body(patch.body(), patch.otherwise());
        }
        case MERGE, STRATEGIC_MERGE -> new Body(JsonBody.inTerms(body, place, terms), null);
        case APPLY -> new Body(applied(body, terms), null);
      };
    } catch (IOException | MalformedProtoException e) {
      return new Body(body, null);
    }
  }

  /** Most clients apply JSON, which is YAML; as such it would be read more slowly. */
  private static byte[] applied(byte[] body, MemberTerms terms) throws IOException {
    if (body[0] == '{') {
      try {
        return JsonBody.inTerms(body, Place.OBJECT, terms);
      } catch (IOException e) {
        // Flow style in YAML begins like JSON.
      }
    }
    return YamlBody.inTerms(body, Place.OBJECT, terms);
  }
}
