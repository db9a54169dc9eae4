package io.multicluster.wire.table;

import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.StringPool;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads of a pod's bytes what a {@link PodRow} holds, by the rules by which kube-apiserver prints
 * pods. Used once and forgotten.
 */
final class PodReader {
  private static final String POD_INITIALIZING = "PodInitializing";
  private static final String SCHEDULING_GATED = "SchedulingGated";

  private final StringPool pool;

  private long creationSeconds = Times.NONE;
  private boolean deleting;

  private int containers;
  private int initContainers;
  private final List<String> sidecars = new ArrayList<>(0);
  private final List<String> gates = new ArrayList<>(0);
  private String nodeName = "";
  private String restartPolicy = "";
  private String schedulerName = "";
  private String serviceAccountName = "";
  private boolean hostNetwork;

  private final List<Condition> conditions = new ArrayList<>(6);
  private final List<Container> statuses = new ArrayList<>(2);
  private final List<Container> initStatuses = new ArrayList<>(0);
  private String phase = "";
  private String statusReason = "";
  private String podIp = "";
  private String firstOfPodIps = "";
  private String nominatedNodeName = "";

  private int readyContainers;
  private long restarts;
  private long lastRestart = Times.NONE;
  private String status = "";

  private record Condition(String type, boolean isTrue, boolean gated) {}

  /**
   * A container's status.
   *
   * @param started also false where it is not told
   * @param waitingReason null if it is not waiting
   * @param terminated null if it has not ended
   * @param lastEnd when it ended the last time, in seconds
   */
  private record Container(
      String name,
      boolean ready,
      boolean started,
      int restartCount,
      @Nullable String waitingReason,
      boolean running,
      @Nullable Terminated terminated,
      long lastEnd) {}

  private record Terminated(int exitCode, int signal, String reason, long finished) {
    /** How an end without a reason is called. */
    String describe() {
      if (!reason.isEmpty()) {
        return reason;
      }
      return signal != 0 ? "Signal:" + signal : "ExitCode:" + exitCode;
    }
  }

  PodReader(byte[] bytes, int start, int end, StringPool pool) {
    this.pool = pool;
    ProtoReader pod = new ProtoReader(bytes, start, end);
    while (pod.next()) {
      switch (pod.field()) {
        case 1 -> readMetadata(pod.message());
        case 2 -> readSpec(pod.message());
        case 3 -> readStatus(pod.message());
        default -> {}
      }
    }
    summarize();
  }

  int readyContainers() {
    return readyContainers;
  }

  int totalContainers() {
    return containers + sidecars.size();
  }

  String status() {
    return status;
  }

  int restarts() {
    return (int) Math.min(restarts, Integer.MAX_VALUE);
  }

  long lastRestartSeconds() {
    return lastRestart;
  }

  long creationSeconds() {
    return creationSeconds;
  }

  /** The two places of the first address agree, but in pods written by very old kubelets. */
  String ip() {
    return podIp.isEmpty() ? firstOfPodIps : podIp;
  }

  String nodeName() {
    return nodeName;
  }

  String nominatedNodeName() {
    return nominatedNodeName;
  }

  @Nullable String readinessGates() {
    if (gates.isEmpty()) {
      return null;
    }
    int open = 0;
    for (String gate : gates) {
      if (isTrue(gate)) {
        open++;
      }
    }
    return Fractions.text(open, gates.size());
  }

  String phase() {
    return phase;
  }

  String restartPolicy() {
    return restartPolicy;
  }

  String schedulerName() {
    return schedulerName;
  }

  String serviceAccountName() {
    return serviceAccountName;
  }

  boolean hostNetwork() {
    return hostNetwork;
  }

  private void summarize() {
    status = statusReason.isEmpty() ? phase : statusReason;
    for (Condition condition : conditions) {
      if (condition.type.equals("PodScheduled") && condition.gated) {
        status = SCHEDULING_GATED;
      }
    }
    long sidecarRestarts = 0;
    long sidecarLastRestart = Times.NONE;
    boolean initializing = false;
    for (int i = 0; i < initStatuses.size() && !initializing; i++) {
      Container container = initStatuses.get(i);
      boolean sidecar = sidecars.contains(container.name);
      restarts += container.restartCount;
      lastRestart = Math.max(lastRestart, container.lastEnd);
      if (sidecar) {
        sidecarRestarts += container.restartCount;
        sidecarLastRestart = Math.max(sidecarLastRestart, container.lastEnd);
      }
      if (container.terminated != null && container.terminated.exitCode == 0) {
        continue;
      }
      if (sidecar && container.started) {
        if (container.ready) {
          readyContainers++;
        }
        continue;
      }
      status = "Init:" + initState(container, i);
      initializing = true;
    }
    if (!initializing || isTrue("Initialized")) {
      restarts = sidecarRestarts;
      lastRestart = sidecarLastRestart;
      summarizeContainers();
    }
    if (deleting && statusReason.equals("NodeLost")) {
      status = "Unknown";
    } else if (deleting && !phase.equals("Succeeded") && !phase.equals("Failed")) {
      status = "Terminating";
    }
  }

  private String initState(Container container, int index) {
    if (container.terminated != null) {
      return container.terminated.describe();
    }
    String waiting = container.waitingReason;
    return waiting != null && !waiting.isEmpty() && !waiting.equals(POD_INITIALIZING)
        ? waiting
        : Fractions.text(index, initContainers);
  }

  /** From the last to the first, so that of several reasons the first container's is shown. */
  private void summarizeContainers() {
    boolean running = false;
    String errorReason = "";
    for (Container container : statuses.reversed()) {
      restarts += container.restartCount;
      lastRestart = Math.max(lastRestart, container.lastEnd);
      if (container.waitingReason != null && !container.waitingReason.isEmpty()) {
        status = container.waitingReason;
      } else if (container.terminated != null) {
        status = container.terminated.describe();
        if (container.terminated.exitCode != 0) {
          errorReason = status;
        }
      } else if (container.ready && container.running) {
        running = true;
        readyContainers++;
      }
    }
    if (status.equals("Completed")) {
      if (running && anyTrue("Ready")) {
        status = "Running";
      } else if (!errorReason.isEmpty()) {
        status = errorReason;
      } else if (running) {
        status = "NotReady";
      }
    }
  }

  /** Whether the first condition of that type is true. */
  private boolean isTrue(String type) {
    for (Condition condition : conditions) {
      if (condition.type.equals(type)) {
        return condition.isTrue;
      }
    }
    return false;
  }

  private boolean anyTrue(String type) {
    for (Condition condition : conditions) {
      if (condition.type.equals(type) && condition.isTrue) {
        return true;
      }
    }
    return false;
  }

  private void readMetadata(ProtoReader r) {
    while (r.next()) {
      switch (r.field()) {
        case 8 -> creationSeconds = Times.seconds(r.message());
        case 9 -> deleting = true;
        default -> {}
      }
    }
  }

  private void readSpec(ProtoReader r) {
    while (r.next()) {
      switch (r.field()) {
        case 2 -> containers++;
        case 3 -> restartPolicy = r.string(pool);
        case 8 -> serviceAccountName = r.string(pool);
        case 10 -> nodeName = r.string(pool);
        case 11 -> hostNetwork = r.bool();
        case 19 -> schedulerName = r.string(pool);
        case 20 -> readInitContainer(r.message());
        case 28 -> gates.add(text(r.message(), 1));
        default -> {}
      }
    }
  }

  private void readInitContainer(ProtoReader r) {
    initContainers++;
    String name = "";
    boolean always = false;
    while (r.next()) {
      switch (r.field()) {
        case 1 -> name = r.string(pool);
        case 24 -> always = r.string(pool).equals("Always");
        default -> {}
      }
    }
    if (always) {
      sidecars.add(name);
    }
  }

  private void readStatus(ProtoReader r) {
    while (r.next()) {
      switch (r.field()) {
        case 1 -> phase = r.string(pool);
        case 2 -> conditions.add(condition(r.message()));
        case 4 -> statusReason = r.string(pool);
        case 6 -> podIp = r.string();
        case 8 -> statuses.add(container(r.message()));
        case 10 -> initStatuses.add(container(r.message()));
        case 11 -> nominatedNodeName = r.string(pool);
        case 12 -> {
          if (podIp.isEmpty() && firstOfPodIps.isEmpty()) {
            firstOfPodIps = text(r.message(), 1);
          }
        }
        default -> {}
      }
    }
  }

  private Condition condition(ProtoReader r) {
    String type = "";
    boolean isTrue = false;
    boolean gated = false;
    while (r.next()) {
      switch (r.field()) {
        case 1 -> type = r.string(pool);
        case 2 -> isTrue = r.is("True");
        case 5 -> gated = r.is(SCHEDULING_GATED);
        default -> {}
      }
    }
    return new Condition(type, isTrue, gated);
  }

  private Container container(ProtoReader r) {
    String name = "";
    boolean ready = false;
    boolean started = false;
    int restartCount = 0;
    String waitingReason = null;
    boolean running = false;
    Terminated terminated = null;
    long lastEnd = Times.NONE;
    while (r.next()) {
      switch (r.field()) {
        case 1 -> name = r.string(pool);
        case 2 -> {
          ProtoReader state = r.message();
          while (state.next()) {
            switch (state.field()) {
              case 1 -> waitingReason = text(state.message(), 1);
              case 2 -> running = true;
              case 3 -> terminated = terminated(state.message());
              default -> {}
            }
          }
        }
        case 3 -> {
          ProtoReader lastState = r.message();
          while (lastState.next()) {
            if (lastState.field() == 3) {
              lastEnd = terminated(lastState.message()).finished;
            }
          }
        }
        case 4 -> ready = r.bool();
        case 5 -> restartCount = r.int32();
        case 9 -> started = r.bool();
        default -> {}
      }
    }
    return new Container(
        name, ready, started, restartCount, waitingReason, running, terminated, lastEnd);
  }

  private Terminated terminated(ProtoReader r) {
    int exitCode = 0;
    int signal = 0;
    String reason = "";
    long finished = Times.NONE;
    while (r.next()) {
      switch (r.field()) {
        case 1 -> exitCode = r.int32();
        case 2 -> signal = r.int32();
        case 3 -> reason = r.string(pool);
        case 6 -> finished = Times.seconds(r.message());
        default -> {}
      }
    }
    return new Terminated(exitCode, signal, reason, finished);
  }

  private String text(ProtoReader r, int field) {
    String text = "";
    while (r.next()) {
      if (r.field() == field) {
        text = r.string(pool);
      }
    }
    return text;
  }
}
