package io.multicluster.server.members;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;

/** JSON as trees, where whole bodies have to be understood. */
final class Json {
  /** Numbers pass through with all their digits. */
  static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private Json() {}

  /** Reads an object that the cache wrote. */
  static JsonNode ofCache(byte[] json) {
    try {
      return MAPPER.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException("JSON of our own", e);
    }
  }

  /** Whether bytes of others are an object of that kind. */
  static boolean isOfKind(byte[] json, String kind) {
    try {
      return MAPPER.readTree(json).path("kind").asText().equals(kind);
    } catch (IOException e) {
      return false;
    }
  }
}
