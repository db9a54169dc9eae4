package io.multicluster.wire.request;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.ProtoWriter;
import io.multicluster.wire.status.ApiException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeleteOptionsTest {
  private static final DeleteOptions FULL =
      new DeleteOptions(5L, "u-1", "7", null, "Foreground", List.of("All"));
  private static final byte[] NO_BODY = {};

  @Test
  void jsonProtobufAndQuerySayTheSame() {
    Query query =
        Query.parse(
            "gracePeriodSeconds=5&uid=u-1&resourceVersion=7&propagationPolicy=Foreground"
                + "&dryRun=All");
    assertThat(DeleteOptions.read(query, NO_BODY)).isEqualTo(FULL);
    assertThat(
            DeleteOptions.read(
                Query.EMPTY,
                """
                {"apiVersion":"meta.k8s.io/v1","kind":"DeleteOptions","gracePeriodSeconds":5,
                 "preconditions":{"uid":"u-1","resourceVersion":"7","x":{}},"unknown":[1],
                 "orphanDependents":null,"propagationPolicy":"Foreground","dryRun":["All"]}
                """
                    .getBytes(UTF_8)))
        .isEqualTo(FULL);
    assertThat(DeleteOptions.read(Query.EMPTY, protobuf())).isEqualTo(FULL);
    assertThat(DeleteOptions.read(Query.EMPTY, FULL.json())).isEqualTo(FULL);
  }

  @Test
  void aBodyMakesTheQueryCountForNothing() {
    DeleteOptions options = DeleteOptions.read(Query.parse("dryRun=All"), "{}".getBytes(UTF_8));
    assertThat(options.isDryRun()).isFalse();
    assertThat(DeleteOptions.read(Query.parse("dryRun=All"), NO_BODY).isDryRun()).isTrue();
  }

  @Test
  void nothingSaidIsWrittenAsNothing() {
    assertThat(DeleteOptions.read(Query.EMPTY, NO_BODY).json())
        .asString(UTF_8)
        .isEqualTo("{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\"}");
    assertThat(FULL.withResourceVersion("8").json())
        .asString(UTF_8)
        .isEqualTo(
            "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"gracePeriodSeconds\":5,"
                + "\"preconditions\":{\"uid\":\"u-1\",\"resourceVersion\":\"8\"},"
                + "\"propagationPolicy\":\"Foreground\",\"dryRun\":[\"All\"]}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"kind\":\"Pod\"}|400|decoded object cannot be converted to DeleteOptions: it is a"
            + " \"Pod\"",
        "{|400|couldn't get version/kind; json parse error",
        "[]|400|couldn't get version/kind; json parse error",
        "{}{}|400|DeleteOptions are followed by something else",
        "{\"gracePeriodSeconds\":\"5\"}|400|json: cannot unmarshal string into Go struct field"
            + " DeleteOptions.gracePeriodSeconds of type int64",
        "{\"preconditions\":{\"uid\":7}}|400|json: cannot unmarshal number into Go struct field"
            + " DeleteOptions.preconditions.uid of type string",
        "{\"dryRun\":\"All\"}|400|json: cannot unmarshal string into Go struct field"
            + " DeleteOptions.dryRun of type []string",
        "{\"dryRun\":[\"x\"]}|422|DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported"
            + " value: [\"x\"]: supported values: \"All\"",
        "{\"propagationPolicy\":\"x\"}|422|DeleteOptions.meta.k8s.io \"\" is invalid:"
            + " propagationPolicy: Unsupported value: \"x\": supported values: \"Foreground\","
            + " \"Background\", \"Orphan\", \"nil\"",
        "{\"propagationPolicy\":\"Orphan\",\"orphanDependents\":true}|422|DeleteOptions.meta.k8s.io"
            + " \"\" is invalid: propagationPolicy: Invalid value: \"Orphan\": orphanDependents and"
            + " deletionPropagation cannot be both set",
      })
  void whatCanNotBeMeantIsRefused(String body, int code, String message) {
    assertThatThrownBy(() -> DeleteOptions.read(Query.EMPTY, body.getBytes(UTF_8)))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(code))
        .hasMessage(message);
  }

  @Test
  void aBrokenProtobufBodyIsABadRequest() {
    byte[] body = protobuf();
    body[5] = 99;
    assertThatThrownBy(() -> DeleteOptions.read(Query.EMPTY, body))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(400));
  }

  private static byte[] protobuf() {
    byte[] message =
        new ProtoWriter()
            .int64(1, 5)
            .message(2, new ProtoWriter().string(1, "u-1").string(2, "7"))
            .string(4, "Foreground")
            .string(5, "All")
            .toByteArray();
    ByteBuf out = Unpooled.buffer();
    new Envelope("v1", "DeleteOptions").write(out, message, 0, message.length);
    return ByteBufUtil.getBytes(out);
  }
}
