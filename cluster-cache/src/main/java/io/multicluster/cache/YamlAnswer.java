package io.multicluster.cache;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.util.StringQuotingChecker;
import io.multicluster.wire.status.ApiException;
import io.multicluster.wire.status.Status;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Turns a whole answer from JSON into YAML, keys in order, as kube-apiserver does. For people who
 * look at things with curl: kubectl makes its YAML itself. Blocks the thread for long, and holds
 * the answer in memory: not for event loops, and bounded.
 */
final class YamlAnswer {
  /** An answer of more JSON than this is refused. */
  static final int LIMIT = 64 << 20;

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();
  private static final ObjectMapper YAML =
      YAMLMapper.builder(
              YAMLFactory.builder()
                  .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                  .disable(YAMLGenerator.Feature.SPLIT_LINES)
                  .stringQuotingChecker(new Quoting())
                  .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                  .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
                  .enable(YAMLGenerator.Feature.LITERAL_BLOCK_STYLE)
                  .build())
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  private YamlAnswer() {}

  /** Beside what looks like a number or a word with a meaning: what looks like a time. */
  private static final class Quoting extends StringQuotingChecker.Default {
    private static final long serialVersionUID = 1L;

    private static final Pattern TIME = Pattern.compile("\\d{4}-\\d{1,2}-\\d{1,2}.*");

    @Override
    public boolean needToQuoteValue(String value) {
      return super.needToQuoteValue(value) || TIME.matcher(value).matches();
    }
  }

  /**
   * @param json writes the answer in JSON
   * @throws ApiException 413 if it is too long
   */
  static byte[] of(Body.Source json) {
    ByteBuf text = Unpooled.buffer(64 * 1024);
    while (json.fill(text, text.readableBytes() + 1)) {
      if (text.readableBytes() > LIMIT) {
        throw new ApiException(
            Status.failure(
                413,
                "RequestEntityTooLarge",
                "the answer is too long for YAML: ask for JSON, or for less with limit="));
      }
    }
    try (ByteBufInputStream in = new ByteBufInputStream(text)) {
      return YAML.writeValueAsBytes(
          JSON.readValue((InputStream) in, new TypeReference<Map<String, Object>>() {}));
    } catch (IOException e) {
      throw new UncheckedIOException("JSON of our own", e);
    }
  }
}
