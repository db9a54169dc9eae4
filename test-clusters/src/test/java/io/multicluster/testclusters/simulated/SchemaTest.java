package io.multicluster.testclusters.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class SchemaTest {
  private static final Schema.Message POD = Schema.message("io.k8s.api.core.v1.Pod");

  private static ObjectNode json(String text) {
    return (ObjectNode) Json.trusted(text.replace('\'', '"'));
  }

  private static ObjectNode pod(String text) {
    return Canonical.of(POD, json(text)).object();
  }

  @Test
  void everyKindFindsItsMessages() {
    for (ResourceType type : BuiltInTypes.ALL) {
      assertThat(type.message()).as(type.kind()).isNotNull();
      assertThat(type.message().fields()).as(type.kind()).isNotEmpty();
    }
  }

  @Test
  void normalFormWritesWhatGoWrites() {
    assertThat(pod("{'metadata':{'name':'a','creationTimestamp':null,'labels':{}}}"))
        .hasToString(
            "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":null},\"status\":{}}");
  }

  @Test
  void unknownFieldsAreNamedWithTheirPath() {
    assertThat(
            Canonical.of(POD, json("{'spec':{'containers':[{'name':'a','imagee':'b'}],'x':1}}"))
                .unknownFields())
        .containsExactlyInAnyOrder("spec.containers[0].imagee", "spec.x");
  }

  @Test
  void fieldsThatAreCalledMessageAreFields() {
    assertThat(Schema.message("io.k8s.api.core.v1.Event").fields())
        .extracting(Schema.Field::name)
        .contains("message", "type", "reportingInstance");
  }

  @Test
  void aPodSurvivesTheWayThroughProtobuf() {
    ObjectNode pod =
        pod(
            """
            {'metadata':{'name':'a','namespace':'b','creationTimestamp':'2026-06-02T09:00:00Z',
             'labels':{'k':'v','a':''},'managedFields':[{'manager':'m','operation':'Update',
             'apiVersion':'v1','fieldsType':'FieldsV1','fieldsV1':{'f:spec':{}}}]},
             'spec':{'volumes':[{'name':'v','configMap':{'name':'c','defaultMode':420}}],
             'containers':[{'name':'c','image':'i','resources':{'limits':{'cpu':'500m'}},
             'livenessProbe':{'httpGet':{'path':'/x','port':'http'},'periodSeconds':3},
             'readinessProbe':{'tcpSocket':{'port':80}}}],'priority':0},
             'status':{'phase':'Running','message':'m','startTime':'2026-06-02T09:00:01Z',
             'containerStatuses':[{'name':'c','ready':true,'restartCount':0,'started':false,
             'image':'i','imageID':'','state':{'running':{'startedAt':'2026-06-02T09:00:01Z'}},
             'lastState':{}}]}}
            """);

    ObjectNode decoded = ProtobufCodec.decode(POD, ProtobufCodec.encode(POD, pod));

    assertThat(decoded).isEqualTo(pod).hasToString(pod.toString());
  }

  @Test
  void fieldsThatAreNoPointersAreWrittenEvenWhenZero() {
    byte[] message =
        ProtobufCodec.encode(
            Schema.message("io.k8s.api.autoscaling.v1.Scale"), json("{'spec':{},'status':{}}"));

    assertThat(HexFormat.of().formatHex(message))
        .contains("12020800") // spec{replicas 0}
        .endsWith("1a0408001200"); // status{replicas 0, selector ""}
  }

  @Test
  void anEnvelopeIsWhatKubernetesDocumentsItToBe() {
    byte[] enveloped = ProtobufCodec.envelope("v1", "Pod", HexFormat.of().parseHex("0a0432023132"));

    assertThat(HexFormat.of().formatHex(enveloped))
        .isEqualTo("6b3873000a090a0276311203506f6412060a04320231321a002200");
    assertThat(HexFormat.of().formatHex(ProtobufCodec.watchEvent("BOOKMARK", enveloped)))
        .startsWith("000000290a08424f4f4b4d41524b121d0a1b6b387300");
  }
}
