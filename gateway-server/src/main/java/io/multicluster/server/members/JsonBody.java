package io.multicluster.server.members;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * An object in JSON, or a patch that has the shape of one, rewritten for its member. All but the
 * places that change is copied byte for byte, keys that stand there twice included: what to think
 * of those is for the member to say.
 */
final class JsonBody {
  private static final JsonFactory JSON = new JsonFactory();

  private final byte[] body;
  private final MemberTerms terms;
  private final JsonParser parser;
  private final ByteArrayOutputStream out;

  /** Up to where {@link #body} is in {@link #out}. */
  private int copied;

  private JsonBody(byte[] body, MemberTerms terms, JsonParser parser) {
    this.body = body;
    this.terms = terms;
    this.parser = parser;
    this.out = new ByteArrayOutputStream(body.length);
  }

  /**
   * @param place what the body is
   * @throws IOException if it is not JSON
   * @throws io.multicluster.wire.status.ApiException as {@link MemberTerms} does
   */
  static byte[] inTerms(byte[] body, Place place, MemberTerms terms) throws IOException {
    try (JsonParser parser = JSON.createParser(body)) {
      return new JsonBody(body, terms, parser).rewrite(place);
    }
  }

  private byte[] rewrite(Place place) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new IOException("no object");
    }
    object(place);
    if (copied == 0) {
      return body;
    }
    copyTo(body.length);
    return out.toByteArray();
  }

  /** From behind an opening brace to its closing one. */
  private void object(Place place) throws IOException {
    // Behind the last member that stays; what stands between it and the next is the comma.
    int kept = -1;
    boolean removed = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      int start = offset();
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      if (place.isMark(key) && value.isScalarValue()) {
        if (place == Place.LABELS && value == JsonToken.VALUE_STRING) {
          terms.label(parser.getText());
        }
        if (!removed) {
          copyTo(kept < 0 ? start : kept);
          removed = true;
        }
        copied = end();
        continue;
      }
      if (removed) {
        // Together with the commas of what was removed goes the one in front.
        copied = start;
        if (kept >= 0) {
          out.write(',');
        }
        removed = false;
      }
      switch (value) {
        case START_OBJECT -> object(place.child(key));
        case START_ARRAY -> parser.skipChildren();
        case VALUE_STRING -> {
          if (place.isResourceVersion(key)) {
            resourceVersion();
          }
        }
        default -> {}
      }
      kept = end();
    }
    if (parser.currentToken() != JsonToken.END_OBJECT) {
      throw new IOException("an object that does not end");
    }
  }

  private void resourceVersion() throws IOException {
    int start = offset();
    String ours = parser.getText();
    String theirs = terms.resourceVersion(ours);
    if (!theirs.equals(ours)) {
      copyTo(start);
      out.writeBytes(('"' + theirs + '"').getBytes(StandardCharsets.US_ASCII));
      copied = end();
    }
  }

  private void copyTo(int end) {
    if (end > copied) {
      out.write(body, copied, end - copied);
      copied = end;
    }
  }

  private int offset() {
    return (int) parser.currentTokenLocation().getByteOffset();
  }

  private int end() throws IOException {
    parser.finishToken();
    return (int) parser.currentLocation().getByteOffset();
  }
}
