package io.multicluster.wire.status;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.status.Status.Cause;
import io.multicluster.wire.status.Status.Details;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a {@link Status} that another API server sent, in JSON or in protobuf. */
public final class StatusDecoder {
  private static final JsonFactory JSON = new JsonFactory();

  private StatusDecoder() {}

  /** Null if the bytes are no Status: proxies and load balancers answer in words of their own. */
  public static @Nullable Status decode(byte[] body) {
    try {
      return Envelope.isEnveloped(body, 0, body.length) ? enveloped(body) : json(body);
    } catch (IOException | MalformedProtoException e) {
      return null;
    }
  }

  private static @Nullable Status enveloped(byte[] body) {
    Envelope.Content content = Envelope.open(body, 0, body.length);
    return content.kind().equals("Status")
        ? new Draft().read(new ProtoReader(body, content.rawStart(), content.rawEnd())).status()
        : null;
  }

  private static @Nullable Status json(byte[] body) throws IOException {
    try (JsonParser parser = JSON.createParser(body)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      Draft draft = new Draft().read(parser);
      return draft.kind.equals("Status") ? draft.status() : null;
    }
  }

  /** The parts of a status as they turn up, in any order. */
  private static final class Draft {
    private String kind = "";
    private String result = "";
    private String message = "";
    private String reason = "";
    private String continueToken = "";
    private int code;
    private @Nullable Details details;

    Status status() {
      return new Status(result.equals("Success"), message, reason, code, details, continueToken);
    }

    Draft read(JsonParser parser) throws IOException {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        switch (name) {
          case "kind" -> kind = text(parser);
          case "status" -> result = text(parser);
          case "message" -> message = text(parser);
          case "reason" -> reason = text(parser);
          case "code" -> code = parser.getValueAsInt();
          case "metadata" -> readMetadata(parser);
          case "details" -> details = details(parser);
          default -> parser.skipChildren();
        }
      }
      return this;
    }

    private void readMetadata(JsonParser parser) throws IOException {
      while (entersField(parser)) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals("continue")) {
          continueToken = text(parser);
        } else {
          parser.skipChildren();
        }
      }
    }

    Draft read(ProtoReader proto) {
      while (proto.next()) {
        switch (proto.field()) {
          case 1 -> {
            ProtoReader metadata = proto.message();
            while (metadata.next()) {
              if (metadata.field() == 3) {
                continueToken = metadata.string();
              }
            }
          }
          case 2 -> result = proto.string();
          case 3 -> message = proto.string();
          case 4 -> reason = proto.string();
          case 5 -> details = details(proto.message());
          case 6 -> code = proto.int32();
          default -> {}
        }
      }
      return this;
    }
  }

  private static @Nullable Details details(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      return null;
    }
    String name = "";
    String group = "";
    String kind = "";
    String uid = "";
    int retryAfterSeconds = 0;
    List<Cause> causes = new ArrayList<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      switch (field) {
        case "name" -> name = text(parser);
        case "group" -> group = text(parser);
        case "kind" -> kind = text(parser);
        case "uid" -> uid = text(parser);
        case "retryAfterSeconds" -> retryAfterSeconds = parser.getValueAsInt();
        case "causes" -> {
          while (parser.currentToken() != JsonToken.VALUE_NULL
              && parser.nextToken() == JsonToken.START_OBJECT) {
            causes.add(cause(parser));
          }
        }
        default -> parser.skipChildren();
      }
    }
    return new Details(name, group, kind, uid, causes, retryAfterSeconds);
  }

  private static Cause cause(JsonParser parser) throws IOException {
    String reason = "";
    String message = "";
    String field = "";
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      switch (name) {
        case "reason" -> reason = text(parser);
        case "message" -> message = text(parser);
        case "field" -> field = text(parser);
        default -> parser.skipChildren();
      }
    }
    return new Cause(reason, message, field);
  }

  private static Details details(ProtoReader proto) {
    String name = "";
    String group = "";
    String kind = "";
    String uid = "";
    int retryAfterSeconds = 0;
    List<Cause> causes = new ArrayList<>();
    while (proto.next()) {
      switch (proto.field()) {
        case 1 -> name = proto.string();
        case 2 -> group = proto.string();
        case 3 -> kind = proto.string();
        case 4 -> causes.add(cause(proto.message()));
        case 5 -> retryAfterSeconds = proto.int32();
        case 6 -> uid = proto.string();
        default -> {}
      }
    }
    return new Details(name, group, kind, uid, causes, retryAfterSeconds);
  }

  private static Cause cause(ProtoReader proto) {
    String reason = "";
    String message = "";
    String field = "";
    while (proto.next()) {
      switch (proto.field()) {
        case 1 -> reason = proto.string();
        case 2 -> message = proto.string();
        case 3 -> field = proto.string();
        default -> {}
      }
    }
    return new Cause(reason, message, field);
  }

  private static boolean entersField(JsonParser parser) throws IOException {
    return parser.currentToken() != JsonToken.VALUE_NULL
        && parser.nextToken() == JsonToken.FIELD_NAME;
  }

  /** The current scalar; empty for null. A structure where text belongs is skipped. */
  private static String text(JsonParser parser) throws IOException {
    if (parser.currentToken().isScalarValue()) {
      return parser.getValueAsString("");
    }
    parser.skipChildren();
    return "";
  }
}
