package io.multicluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.multicluster.server.discovery.DocumentSource;
import io.multicluster.server.flowcontrol.FlowControl;
import io.multicluster.wire.status.ApiException;
import java.io.IOException;

/** Keeps flow control as the control plane's FlowSchemas and PriorityLevelConfigurations are. */
final class ControlPlanePriorities {
  private static final String PREFIX = "/apis/flowcontrol.apiserver.k8s.io/v1/";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final DocumentSource controlPlane;
  private final FlowControl flowControl;

  ControlPlanePriorities(DocumentSource controlPlane, FlowControl flowControl) {
    this.controlPlane = controlPlane;
    this.flowControl = flowControl;
  }

  /**
   * Reads them; blocks.
   *
   * @throws ApiException if they can't be read; what was known stays
   * @throws IllegalArgumentException if they make no sense; what was known stays
   */
  void refresh() {
    flowControl.configure(list("flowschemas"), list("prioritylevelconfigurations"));
  }

  private JsonNode list(String resource) {
    DocumentSource.Document answer = controlPlane.get(PREFIX + resource, "application/json", null);
    if (answer.status() != 200) {
      throw ApiException.unavailable(
          "the control plane answered " + answer.status() + " to a list of " + resource, 0);
    }
    try {
      return JSON.readTree(answer.body());
    } catch (IOException e) {
      throw ApiException.internal("the list of " + resource + " can't be read", e);
    }
  }
}
