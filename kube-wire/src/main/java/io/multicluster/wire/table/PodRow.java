package io.multicluster.wire.table;

import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.StringPool;
import org.jspecify.annotations.Nullable;

/** A pod. About 80 bytes, as nearly all its texts are shared with other pods. */
public final class PodRow implements TableRow {
  private final String ready;
  private final String status;
  private final int restarts;
  private final long lastRestartSeconds;
  private final long creationSeconds;
  private final int ipv4;
  private final @Nullable String otherIp;
  private final String nodeName;
  private final String nominatedNodeName;
  private final @Nullable String readinessGates;
  private final String phase;
  private final String restartPolicy;
  private final String schedulerName;
  private final String serviceAccountName;
  private final boolean hostNetwork;

  PodRow(PodReader pod) {
    this.ready = Fractions.text(pod.readyContainers(), pod.totalContainers());
    this.status = pod.status();
    this.restarts = pod.restarts();
    this.lastRestartSeconds = pod.lastRestartSeconds();
    this.creationSeconds = pod.creationSeconds();
    // Nearly every pod has an address of its own: four bytes instead of a string.
    this.ipv4 = Ipv4.parse(pod.ip());
    this.otherIp = ipv4 == 0 && !pod.ip().isEmpty() ? pod.ip() : null;
    this.nodeName = pod.nodeName();
    this.nominatedNodeName = pod.nominatedNodeName();
    this.readinessGates = pod.readinessGates();
    this.phase = pod.phase();
    this.restartPolicy = pod.restartPolicy();
    this.schedulerName = pod.schedulerName();
    this.serviceAccountName = pod.serviceAccountName();
    this.hostNetwork = pod.hostNetwork();
  }

  /**
   * @param bytes holds the bare message in {@code [start, end)}; not kept
   * @param pool where recurring texts come from
   * @throws MalformedProtoException if this is no pod
   */
  public static PodRow read(byte[] bytes, int start, int end, StringPool pool) {
    return new PodRow(new PodReader(bytes, start, end, pool));
  }

  /** Containers that are ready of all that should run, such as {@code 1/2}. */
  public String ready() {
    return ready;
  }

  /** What the STATUS column shows, such as {@code CrashLoopBackOff}. */
  public String status() {
    return status;
  }

  public int restarts() {
    return restarts;
  }

  /** When a container ended last before it was restarted; {@code NO_TIME} if none was. */
  public long lastRestartSeconds() {
    return lastRestartSeconds;
  }

  @Override
  public long creationSeconds() {
    return creationSeconds;
  }

  /** The first address; empty if there is none. */
  public String ip() {
    if (otherIp != null) {
      return otherIp;
    }
    return ipv4 == 0 ? "" : Ipv4.text(ipv4);
  }

  /** Empty if not scheduled. */
  public String nodeName() {
    return nodeName;
  }

  public String nominatedNodeName() {
    return nominatedNodeName;
  }

  /** Gates that are open of all, such as {@code 1/2}; null if the pod has none. */
  public @Nullable String readinessGates() {
    return readinessGates;
  }

  public String phase() {
    return phase;
  }

  @Override
  public String field(String field) {
    return switch (field) {
      case "spec.nodeName" -> nodeName;
      case "spec.restartPolicy" -> restartPolicy;
      case "spec.schedulerName" -> schedulerName;
      case "spec.serviceAccountName" -> serviceAccountName;
      case "spec.hostNetwork" -> Boolean.toString(hostNetwork);
      case "status.phase" -> phase;
      case "status.podIP" -> ip();
      case "status.nominatedNodeName" -> nominatedNodeName;
      // status.podIPs may be asked for, and is compared with nothing, as in kube-apiserver.
      default -> "";
    };
  }
}
