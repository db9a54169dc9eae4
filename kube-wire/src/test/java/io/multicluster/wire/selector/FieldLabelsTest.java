package io.multicluster.wire.selector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.multicluster.wire.resource.GroupResource;
import io.multicluster.wire.status.ApiException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FieldLabelsTest {
  @ParameterizedTest
  @CsvSource({
    "pods,spec.nodeName=n,spec.nodeName=n",
    "pods,spec.host!=n,spec.nodeName!=n",
    "pods,status.podIPs=x,status.podIPs=x",
    "pods,metadata.namespace=x,metadata.namespace=x",
    "events,involvedObject.uid=1,involvedObject.uid=1",
    "events,source=kubelet,source=kubelet",
    "events.events.k8s.io,regarding.uid=1,involvedObject.uid=1",
    "events.events.k8s.io,reportingController=x,reportingComponent=x",
    "events.events.k8s.io,type!=Normal,type!=Normal",
    "deployments.apps,metadata.name=x,metadata.name=x",
  })
  void eachApiHasItsSpelling(String resource, String asked, String stored) {
    assertThat(FieldLabels.of(GroupResource.parse(resource)).stored(FieldSelector.parse(asked)))
        .hasToString(stored);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pods|spec.foo=1|field label not supported: spec.foo",
        "events|regarding.uid=1|field label not supported: regarding.uid",
        "events.events.k8s.io|involvedObject.uid=1|field label not supported: involvedObject.uid",
        "events.events.k8s.io|source=x|field label not supported: source",
        "deployments.apps|spec.foo=1|\"spec.foo\" is not a known field selector: only"
            + " \"metadata.name\", \"metadata.namespace\"",
      })
  void otherFieldsAreRefusedByName(String resource, String asked, String message) {
    FieldLabels labels = FieldLabels.of(GroupResource.parse(resource));
    assertThatThrownBy(() -> labels.stored(FieldSelector.parse(asked)))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.status().code()).isEqualTo(400))
        .hasMessage(message);
  }
}
