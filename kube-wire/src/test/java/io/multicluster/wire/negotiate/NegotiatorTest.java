package io.multicluster.wire.negotiate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.http.RequestHead;
import io.multicluster.wire.request.Query;
import io.multicluster.wire.status.ApiException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NegotiatorTest {
  private static final String KUBECTL =
      "application/json;as=Table;v=v1;g=meta.k8s.io,"
          + "application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
  private static final String PROTOBUF = "application/vnd.kubernetes.protobuf";
  private static final String METADATA =
      PROTOBUF
          + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;"
          + "as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

  @Test
  void usualClientsGetWhatTheyAskFor() {
    assertThat(list(KUBECTL)).isEqualTo(new Negotiated(Format.JSON, Transform.TABLE, false));
    assertThat(list("")).isEqualTo(new Negotiated(Format.JSON, Transform.NONE, false));
    assertThat(list("application/json, */*").format()).isEqualTo(Format.JSON);
    assertThat(list(PROTOBUF + ",application/json").format()).isEqualTo(Format.PROTOBUF);
    assertThat(object(METADATA))
        .isEqualTo(new Negotiated(Format.PROTOBUF, Transform.METADATA, false));
    assertThat(Negotiator.watch(head("accept", PROTOBUF + ";stream=watch"), true).format())
        .isEqualTo(Format.PROTOBUF);
  }

  @Test
  void customResourcesHaveNoProtobufButTheirMetadataDoes() {
    assertThat(
            Negotiator.list(head("accept", PROTOBUF + ",application/json"), Query.EMPTY, false)
                .format())
        .isEqualTo(Format.JSON);
    assertThat(Negotiator.object(head("accept", METADATA), Query.EMPTY, false).format())
        .isEqualTo(Format.PROTOBUF);
    refused(
        () -> Negotiator.object(head("accept", PROTOBUF), Query.EMPTY, false),
        406,
        "only the following media types are accepted: application/json, application/yaml,"
            + " application/vnd.kubernetes.protobuf");
  }

  @Test
  void tablesHaveNoProtobuf() {
    refused(
        () -> list(PROTOBUF + ";as=Table;v=v1;g=meta.k8s.io"),
        406,
        "only the following media types are accepted: application/json, application/yaml,"
            + " application/vnd.kubernetes.protobuf");
  }

  @Test
  void metadataOfAListIsAskedForAsAList() {
    refused(
        () -> list(METADATA),
        406,
        "you requested PartialObjectMetadata, but the requested object is a list");
    String wrong = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    refused(
        () -> object(wrong),
        406,
        "you requested PartialObjectMetadataList, but the requested object is not a list");
    assertThat(list(wrong).transform()).isEqualTo(Transform.METADATA_LIST);
  }

  @Test
  void watchesDoNotSpeakYaml() {
    refused(
        () -> Negotiator.watch(head("accept", "application/yaml"), true),
        406,
        "only the following media types are accepted: application/json;stream=watch,"
            + " application/vnd.kubernetes.protobuf;stream=watch");
  }

  @Test
  void errorsIgnoreTransformsAndAlwaysHaveAForm() {
    assertThat(Negotiator.error(head("accept", KUBECTL), Query.EMPTY))
        .isEqualTo(new Negotiated(Format.JSON, Transform.NONE, false));
    assertThat(Negotiator.error(head("accept", PROTOBUF), Query.EMPTY).format())
        .isEqualTo(Format.PROTOBUF);
    for (String accept :
        new String[] {"text/html", "application/json;as=Table;v=v1;g=meta.k8s.io"}) {
      assertThat(Negotiator.error(head("accept", accept), Query.EMPTY))
          .isEqualTo(new Negotiated(Format.JSON, Transform.NONE, true));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "curl/8.1,'',true",
    "Wget/1,'',true",
    "Mozilla/5.0 (X11),'',true",
    "kubectl/v1.36,'',false",
    "Mozilla/4.0,'',false",
    "curl/8.1,pretty=false,false",
    "curl/8.1,pretty=0,false",
    "curl/8.1,pretty=yes,false",
    "curl/8.1,pretty,true",
    "kubectl/v1.36,pretty=1,true",
    "kubectl/v1.36,pretty=True,true",
    "kubectl/v1.36,Pretty=1,false",
  })
  void peopleGetIndentedJson(String agent, String query, boolean pretty) {
    RequestHead head = head("user-agent", agent);
    assertThat(Negotiator.object(head, Query.parse(query), true).pretty()).isEqualTo(pretty);
    assertThat(Negotiator.watch(head, true).pretty()).isFalse();
    assertThat(
            Negotiator.object(
                    head("user-agent", agent, "accept", PROTOBUF), Query.parse(query), true)
                .pretty())
        .isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "application/json,JSON",
    "application/json; charset=utf-8,JSON",
    "Application/JSON,JSON",
    "'',JSON",
    "application/yaml,YAML",
    "application/vnd.kubernetes.protobuf,PROTOBUF",
  })
  void bodiesAreReadByTheirContentType(String contentType, Format format) {
    assertThat(Negotiator.body(contentType)).isEqualTo(format);
  }

  @Test
  void unknownBodiesAreRefused() {
    assertThat(Negotiator.body(null)).isEqualTo(Format.JSON);
    refused(
        () -> Negotiator.body("text/plain"),
        415,
        "the body of the request was in an unknown format - accepted media types include:"
            + " application/json, application/yaml, application/vnd.kubernetes.protobuf");
  }

  @Test
  void patchesHaveTypesOfTheirOwn() {
    assertThat(PatchType.of("application/apply-patch+yaml; charset=utf-8", true))
        .isEqualTo(PatchType.APPLY);
    assertThat(PatchType.of("application/strategic-merge-patch+json", true))
        .isEqualTo(PatchType.STRATEGIC_MERGE);
    refused(
        () -> PatchType.of("application/strategic-merge-patch+json", false),
        415,
        "the body of the request was in an unknown format - accepted media types include:"
            + " application/json-patch+json, application/merge-patch+json,"
            + " application/apply-patch+yaml");
    refused(
        () -> PatchType.of(null, true),
        415,
        "the body of the request was in an unknown format - accepted media types include:"
            + " application/json-patch+json, application/merge-patch+json,"
            + " application/strategic-merge-patch+json, application/apply-patch+yaml");
  }

  @ParameterizedTest
  @CsvSource({
    "gzip,131073,true",
    "'deflate, gzip',131073,true",
    "gzip,131072,false",
    "deflate,200000,false",
    "x-gzip,200000,false",
  })
  void onlyLargeAnswersAreCompressed(String acceptEncoding, long length, boolean gzip) {
    assertThat(Negotiator.gzip(head("accept-encoding", acceptEncoding), length)).isEqualTo(gzip);
    assertThat(Negotiator.gzip(head(), length)).isFalse();
  }

  private static Negotiated list(String accept) {
    return Negotiator.list(head("accept", accept), Query.EMPTY, true);
  }

  private static Negotiated object(String accept) {
    return Negotiator.object(head("accept", accept), Query.EMPTY, true);
  }

  private static RequestHead head(String... namesAndValues) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    for (int i = 0; i < namesAndValues.length; i += 2) {
      headers.add(namesAndValues[i], namesAndValues[i + 1]);
    }
    return new RequestHead("GET", "/api/v1/pods", "", headers);
  }

  private static void refused(ThrowingCallable call, int code, String message) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(code))
        .hasMessage(message);
  }
}
