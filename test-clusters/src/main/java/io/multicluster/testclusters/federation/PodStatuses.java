package io.multicluster.testclusters.federation;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;

/** The statuses that a kubelet gives a pod on its way to Running. */
final class PodStatuses {
  private PodStatuses() {}

  static boolean isNew(Pod pod) {
    return isPending(pod) && pod.getStatus().getContainerStatuses().isEmpty();
  }

  static boolean isCreating(Pod pod) {
    return isPending(pod) && !pod.getStatus().getContainerStatuses().isEmpty();
  }

  static boolean isReady(Pod pod) {
    return pod.getStatus().getConditions().stream()
        .anyMatch(condition ->
            condition.getType().equals("Ready") && condition.getStatus().equals("True"));
  }

  /** On its node, and the images are on their way. */
  static PodStatus creating(Pod pod, String hostIp) {
    String now = now();
    ContainerState waiting =
        new ContainerStateBuilder()
            .withNewWaiting()
            .withReason("ContainerCreating")
            .endWaiting()
            .build();
    String unready =
        "containers with unready status: "
            + pod.getSpec().getContainers().stream().map(Container::getName).toList();
    return new PodStatusBuilder(pod.getStatus())
        .withPhase("Pending")
        .withHostIP(hostIp)
        .addNewHostIP(hostIp)
        .withStartTime(now)
        .withConditions(
            condition("PodReadyToStartContainers", "False", now),
            condition("Initialized", "True", now),
            notReady("Ready", unready, now),
            notReady("ContainersReady", unready, now),
            condition("PodScheduled", "True", now))
        .withContainerStatuses(
            pod.getSpec().getContainers().stream()
                .map(container ->
                    new ContainerStatusBuilder()
                        .withName(container.getName())
                        .withImage(container.getImage())
                        .withImageID("")
                        .withReady(false)
                        .withStarted(false)
                        .withRestartCount(0)
                        .withState(waiting)
                        .build())
                .toList())
        .build();
  }

  /** All containers run and are ready. */
  static PodStatus running(Pod pod, String podIp) {
    String now = now();
    PodStatus before = pod.getStatus();
    return new PodStatusBuilder(before)
        .withPhase("Running")
        .withPodIP(podIp)
        .addNewPodIP(podIp)
        .withConditions(
            condition("PodReadyToStartContainers", "True", now),
            condition("Initialized", "True", before.getStartTime()),
            condition("Ready", "True", now),
            condition("ContainersReady", "True", now),
            condition("PodScheduled", "True", before.getStartTime()))
        .withContainerStatuses(
            before.getContainerStatuses().stream()
                .map(container -> running(pod, container, now))
                .toList())
        .build();
  }

  /**
   * The same pod, after its first container has died of {@code reason} some times and come back
   * each time.
   */
  static PodStatus restarted(Pod pod, int times, int exitCode, String reason) {
    ContainerStatus first = pod.getStatus().getContainerStatuses().getFirst();
    String now = now();
    String began = first.getState().getRunning().getStartedAt();
    ContainerStatus again =
        new ContainerStatusBuilder(first)
            .withRestartCount(times)
            .withContainerID(containerId(pod, first.getName(), times))
            .withState(new ContainerStateBuilder().withNewRunning(now).build())
            .withLastState(
                new ContainerStateBuilder()
                    .withNewTerminated()
                    .withContainerID(containerId(pod, first.getName(), times - 1))
                    .withExitCode(exitCode)
                    .withReason(reason)
                    .withStartedAt(began)
                    .withFinishedAt(now)
                    .endTerminated()
                    .build())
            .build();
    List<ContainerStatus> others = pod.getStatus().getContainerStatuses().stream().skip(1).toList();
    return new PodStatusBuilder(pod.getStatus())
        .withContainerStatuses(again)
        .addAllToContainerStatuses(others)
        .build();
  }

  private static ContainerStatus running(Pod pod, ContainerStatus before, String now) {
    String image = before.getImage();
    String repository = image.replaceFirst(":[^:/]*$", "");
    return new ContainerStatusBuilder(before)
        .withImageID(repository + "@sha256:" + sha256(image))
        .withContainerID(containerId(pod, before.getName(), 0))
        .withReady(true)
        .withStarted(true)
        .withState(new ContainerStateBuilder().withNewRunning(now).build())
        .build();
  }

  private static boolean isPending(Pod pod) {
    return pod.getStatus() != null && "Pending".equals(pod.getStatus().getPhase());
  }

  private static PodCondition condition(String type, String status, String since) {
    return new PodConditionBuilder()
        .withType(type)
        .withStatus(status)
        .withLastTransitionTime(since)
        .build();
  }

  private static PodCondition notReady(String type, String message, String since) {
    return new PodConditionBuilder(condition(type, "False", since))
        .withReason("ContainersNotReady")
        .withMessage(message)
        .build();
  }

  private static String containerId(Pod pod, String container, int restarts) {
    return "containerd://" + sha256(pod.getMetadata().getUid() + container + restarts);
  }

  /** Kubernetes' Time has no fractions of a second. */
  private static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
