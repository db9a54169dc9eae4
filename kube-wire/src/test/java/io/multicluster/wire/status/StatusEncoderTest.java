package io.multicluster.wire.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.Status.Cause;
import io.multicluster.wire.status.Status.Details;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusEncoderTest {
  private static final Status FULL =
      new Status(
          false,
          "a <b> & \"c\" \\ \n\t\u0001 \u2028 é",
          "Invalid",
          422,
          new Details(
              "x",
              "apps",
              "Deployment",
              "u-1",
              List.of(
                  new Cause("FieldValueRequired", "Required value", "spec.a"),
                  new Cause("", "m", "")),
              7),
          "token");

  @Test
  void aMissingPodReadsAsFromKubeApiserver() {
    assertThat(json(ApiException.notFound(GroupResource.PODS, "web-0").status()))
        .isEqualTo(
            """
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",\
            "message":"pods \\"web-0\\" not found","reason":"NotFound",\
            "details":{"name":"web-0","kind":"pods"},"code":404}
            """);
  }

  @Test
  void emptyDetailsAreWrittenAndMissingOnesAreNot() {
    assertThat(json(ApiException.methodNotAllowed().status())).contains(",\"details\":{},");
    assertThat(json(ApiException.badRequest("x").status())).doesNotContain("details");
  }

  @Test
  void allFieldsStandInTheOrderOfKubeApiserverWithItsEscapes() {
    assertThat(json(FULL))
        .isEqualTo(
            """
            {"kind":"Status","apiVersion":"v1","metadata":{"continue":"token"},\
            "status":"Failure","message":"a \\u003cb\\u003e \\u0026 \\"c\\" \\\\ \\n\\t\\u0001 \\u2028 é",\
            "reason":"Invalid","details":{"name":"x","group":"apps","kind":"Deployment","uid":"u-1",\
            "causes":[{"reason":"FieldValueRequired","message":"Required value","field":"spec.a"},\
            {"message":"m"}],"retryAfterSeconds":7},"code":422}
            """);
  }

  @Test
  void indentedJsonReadsAsFromGo() {
    Status status = ApiException.methodNotAllowed().status();
    assertThat(StatusEncoder.prettyJson(status))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(
            """
            {
              "kind": "Status",
              "apiVersion": "v1",
              "metadata": {},
              "status": "Failure",
              "message": "the server does not allow this method on the requested resource",
              "reason": "MethodNotAllowed",
              "details": {},
              "code": 405
            }\
            """);
  }

  @Test
  void yamlIsOfferedToo() {
    assertThat(StatusEncoder.yaml(ApiException.notFound(GroupResource.PODS, "x").status()))
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(
            """
            kind: Status
            apiVersion: v1
            metadata: {}
            status: Failure
            message: "pods \\"x\\" not found"
            reason: NotFound
            details:
              name: x
              kind: pods
            code: 404
            """);
  }

  @Test
  void anEventsObjectHasNoLineFeed() {
    assertThat(StatusEncoder.jsonObject(FULL)).endsWith((byte) '}');
  }

  /** Bytes as written by k8s.io/apimachinery 0.36. */
  @Test
  void protobufIsEnveloped() {
    assertThat(
            HexFormat.of()
                .formatHex(
                    StatusEncoder.protobuf(
                        ApiException.notFound(GroupResource.PODS, "x").status())))
        .isEqualTo(PROTOBUF);
  }

  @Test
  void whatWasWrittenReadsBack() {
    for (Status status :
        List.of(
            FULL, ApiException.noSuchResource().status(), ApiException.badRequest("").status())) {
      assertThat(StatusDecoder.decode(StatusEncoder.json(status))).isEqualTo(status);
      assertThat(StatusDecoder.decode(StatusEncoder.protobuf(status))).isEqualTo(status);
    }
  }

  @Test
  void whatIsNoStatusIsNotTakenForOne() {
    for (String body :
        List.of(
            "",
            "404 page not found\n",
            "<html>",
            "[]",
            "{\"kind\":\"Pod\",\"status\":{\"phase\":\"Running\"}}",
            "{\"kind\":\"Status\"",
            "k8s\0zz")) {
      assertThat(StatusDecoder.decode(body.getBytes(StandardCharsets.UTF_8))).as(body).isNull();
    }
  }

  @Test
  void membersInAnyOrderAndUnknownOnesAreRead() {
    Status status =
        StatusDecoder.decode(
            """
            {"code":410,"x":{"kind":"Pod"},"details":null,"metadata":null,"reason":"Expired",
             "message":null,"status":"Failure","apiVersion":"v1","kind":"Status"}\
            """
                .getBytes(StandardCharsets.UTF_8));
    assertThat(status).isEqualTo(Status.failure(410, "Expired", ""));
  }

  private static String json(Status status) {
    return new String(StatusEncoder.json(status), StandardCharsets.UTF_8);
  }

  private static final String PROTOBUF =
      "6b3873000a0c0a027631120653746174757312430a060a0012001a0012074661696c7572651a1270"
          + "6f647320227822206e6f7420666f756e6422084e6f74466f756e642a0f0a017812001a04706f6473280032003094031a002200";
}
