package io.multicluster.wire.negotiate;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Reads from a request's headers in which form it wants its answer and brings its body. */
public final class Negotiator {
  /** Smaller answers are not worth compressing. */
  private static final long GZIP_THRESHOLD = 128 * 1024;

  private static final List<String> TYPES =
      Arrays.stream(Format.values()).map(Format::contentType).toList();
  private static final List<String> STREAMED_TYPES =
      Arrays.stream(Format.values())
          .filter(Format::streams)
          .map(format -> format.contentType() + ";stream=watch")
          .toList();
  private static final Negotiated JSON = new Negotiated(Format.JSON, Transform.NONE, false);

  private static final Negotiator BUILT_IN = new Negotiator(true, true);
  private static final Negotiator CUSTOM = new Negotiator(true, false);
  private static final Negotiator ERROR = new Negotiator(false, true);

  private final boolean transforms;
  private final boolean protobuf;

  /**
   * What was chosen for the headers seen last: clients send few different ones, again and again.
   */
  private final AtomicReferenceArray<@Nullable Choice> recent = new AtomicReferenceArray<>(128);

  /**
   * @param negotiated null if nothing is acceptable
   */
  private record Choice(String accept, @Nullable Negotiated negotiated) {}

  private Negotiator(boolean transforms, boolean protobuf) {
    this.transforms = transforms;
    this.protobuf = protobuf;
  }

  /**
   * The form of one object.
   *
   * @param protobuf whether the kind has a protobuf form; custom resources have none
   * @throws ApiException 406
   */
  public static Negotiated object(RequestHead head, Query query, boolean protobuf) {
    Negotiated negotiated = resource(head, query, protobuf);
    if (negotiated.transform().isMetadataOfList()) {
      throw notAcceptable(
          "you requested PartialObjectMetadataList, but the requested object is not a list");
    }
    return negotiated;
  }

  /**
   * The form of a list.
   *
   * @throws ApiException 406
   */
  public static Negotiated list(RequestHead head, Query query, boolean protobuf) {
    Negotiated negotiated = resource(head, query, protobuf);
    if (negotiated.transform().isMetadata() && !negotiated.transform().isMetadataOfList()) {
      throw notAcceptable(
          "you requested PartialObjectMetadata, but the requested object is a list");
    }
    return negotiated;
  }

  /**
   * The form of a watch's events; never indented.
   *
   * @throws ApiException 406
   */
  public static Negotiated watch(RequestHead head, boolean protobuf) {
    Negotiated negotiated = (protobuf ? BUILT_IN : CUSTOM).choose(accept(head));
    if (negotiated == null) {
      throw onlyAccepted(TYPES);
    }
    if (!negotiated.format().streams() || negotiated.transform().isMetadataOfList()) {
      throw onlyAccepted(STREAMED_TYPES);
    }
    return negotiated.pretty(false);
  }

  /**
   * The form of an error. There always is one: where nothing acceptable is left, because transforms
   * do not apply to errors, it is indented JSON.
   */
  public static Negotiated error(RequestHead head, Query query) {
    Negotiated negotiated = ERROR.choose(accept(head));
    return negotiated == null ? JSON.pretty(true) : prettyFor(head, query, negotiated);
  }

  /**
   * The form of a request's body.
   *
   * @param contentType null if the request has none, which means JSON
   * @throws ApiException 415
   */
  public static Format body(@Nullable String contentType) {
    if (contentType == null || contentType.isEmpty()) {
      return Format.JSON;
    }
    int parameters = contentType.indexOf(';');
    String type = parameters < 0 ? contentType : contentType.substring(0, parameters);
    String normal = type.strip().toLowerCase(Locale.ROOT);
    for (Format format : Format.values()) {
      if (format.contentType().equals(normal)) {
        return format;
      }
    }
    throw unsupportedMediaType(TYPES);
  }

  /**
   * Whether an answer to a get or a list is to be compressed. Watches never are.
   *
   * @param length of the answer, or what is known of it so far
   */
  public static boolean gzip(RequestHead head, long length) {
    if (length <= GZIP_THRESHOLD) {
      return false;
    }
    String accepted = head.header("accept-encoding");
    if (accepted == null) {
      return false;
    }
    int start = 0;
    while (start < accepted.length()) {
      int end = accepted.indexOf(',', start);
      if (end < 0) {
        end = accepted.length();
      }
      if (accepted.substring(start, end).strip().equals("gzip")) {
        return true;
      }
      start = end + 1;
    }
    return false;
  }

  static ApiException unsupportedMediaType(List<String> accepted) {
    return new ApiException(
        Status.failure(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
                + String.join(", ", accepted)));
  }

  private static Negotiated resource(RequestHead head, Query query, boolean protobuf) {
    Negotiated negotiated = (protobuf ? BUILT_IN : CUSTOM).choose(accept(head));
    if (negotiated == null) {
      throw onlyAccepted(TYPES);
    }
    return prettyFor(head, query, negotiated);
  }

  private static String accept(RequestHead head) {
    String accept = head.header("accept");
    return accept == null ? "" : accept;
  }

  private static Negotiated prettyFor(RequestHead head, Query query, Negotiated negotiated) {
    return negotiated.format() != Format.JSON || negotiated.pretty()
        ? negotiated
        : negotiated.pretty(pretty(head, query));
  }

  /** People who look with a browser or curl get indented JSON unless they say otherwise. */
  private static boolean pretty(RequestHead head, Query query) {
    String asked = query.get("pretty");
    if (!asked.isEmpty()) {
      return switch (asked) {
        case "1", "t", "T", "true", "True", "TRUE" -> true;
        default -> false;
      };
    }
    String agent = head.header("user-agent");
    return agent != null
        && (agent.startsWith("curl")
            || agent.startsWith("Wget")
            || agent.startsWith("Mozilla/5.0"));
  }

  private @Nullable Negotiated choose(String accept) {
    if (accept.isEmpty()) {
      return JSON;
    }
    int slot = (accept.hashCode() & 0x7fff_ffff) % recent.length();
    Choice known = recent.get(slot);
    if (known != null && known.accept.equals(accept)) {
      return known.negotiated;
    }
    Negotiated negotiated = negotiate(accept);
    recent.set(slot, new Choice(accept, negotiated));
    return negotiated;
  }

  private @Nullable Negotiated negotiate(String accept) {
    for (AcceptClause clause : AcceptClause.parse(accept)) {
      for (Format format : Format.values()) {
        if (clause.accepts(format)) {
          Negotiated negotiated = serve(clause.parameters(), format);
          if (negotiated != null) {
            return negotiated;
          }
        }
      }
    }
    return null;
  }

  /** Null if the clause asks something of the format that does not go with it. */
  private @Nullable Negotiated serve(Map<String, String> parameters, Format format) {
    boolean pretty = false;
    for (Map.Entry<String, String> parameter : parameters.entrySet()) {
      String value = parameter.getValue();
      switch (parameter.getKey()) {
        case "stream" -> {
          if (!value.isEmpty() && !(format.streams() && value.equals("watch"))) {
            return null;
          }
        }
        case "sv" -> {
          if (!value.isEmpty() && !(transforms && value.equals("v1"))) {
            return null;
          }
        }
        case "pretty" -> pretty = value.equals("1") && format == Format.JSON;
        default -> {}
      }
    }
    Transform transform = transform(parameters);
    return transform == null || !allows(format, transform)
        ? null
        : new Negotiated(format, transform, pretty);
  }

  private boolean allows(Format format, Transform transform) {
    if (transform == Transform.NONE) {
      return protobuf || format != Format.PROTOBUF;
    }
    return transforms && !(transform.isTable() && format == Format.PROTOBUF);
  }

  /** Null if there is no such transform. */
  private static @Nullable Transform transform(Map<String, String> parameters) {
    String as = parameters.get("as");
    String group = parameters.get("g");
    String version = parameters.get("v");
    if (as == null && group == null && version == null) {
      return Transform.NONE;
    }
    if (as == null || version == null || !"meta.k8s.io".equals(group)) {
      return null;
    }
    for (Transform transform : Transform.values()) {
      if (transform.kind().equals(as) && transform.version().equals(version)) {
        return transform == Transform.NONE ? null : transform;
      }
    }
    return null;
  }

  private static ApiException onlyAccepted(List<String> types) {
    return notAcceptable(
        "only the following media types are accepted: " + String.join(", ", types));
  }

  private static ApiException notAcceptable(String message) {
    return new ApiException(Status.failure(406, "NotAcceptable", message));
  }
}
