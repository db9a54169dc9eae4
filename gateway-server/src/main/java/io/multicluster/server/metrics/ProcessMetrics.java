package io.multicluster.server.metrics;

import com.sun.management.UnixOperatingSystemMXBean;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** The process and its JVM. */
public final class ProcessMetrics implements MetricSource {
  private static final Path STATUS = Path.of("/proc/self/status");

  private final String version;

  /**
   * @param version of the gateway
   */
  public ProcessMetrics(String version) {
    this.version = version;
  }

  @Override
  public void write(MetricsText page) {
    page.family(
            "multicluster_build_info", MetricType.GAUGE, "1; the label says which version runs.")
        .sample("multicluster_build_info", 1, "version", version);
    page.family("process_start_time_seconds", MetricType.GAUGE, "Since the epoch.")
        .sample(
            "process_start_time_seconds",
            ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3);
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
      page.family("process_cpu_seconds_total", MetricType.COUNTER, "User and system time.")
          .sample("process_cpu_seconds_total", system.getProcessCpuTime() / 1e9);
      page.family("process_open_fds", MetricType.GAUGE, "Open file descriptors.")
          .sample("process_open_fds", system.getOpenFileDescriptorCount());
      page.family("process_max_fds", MetricType.GAUGE, "How many there may be.")
          .sample("process_max_fds", system.getMaxFileDescriptorCount());
    }
    long resident = residentBytes();
    if (resident > 0) {
      page.family("process_resident_memory_bytes", MetricType.GAUGE, "Resident memory.")
          .sample("process_resident_memory_bytes", resident);
    }
    page.family("jvm_memory_used_bytes", MetricType.GAUGE, "Memory in use.")
        .sample(
            "jvm_memory_used_bytes",
            ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
            "area",
            "heap")
        .sample(
            "jvm_memory_used_bytes",
            Math.max(0, PlatformDependent.usedDirectMemory()),
            "area",
            "direct");
    page.family("jvm_gc_collection_seconds_total", MetricType.COUNTER, "Time spent collecting.");
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      page.sample(
          "jvm_gc_collection_seconds_total",
          Math.max(0, collector.getCollectionTime()) / 1e3,
          "gc",
          collector.getName());
    }
  }

  /** 0 where the system does not tell. Reading it never waits for a disk. */
  private static long residentBytes() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException e) {
      return 0;
    }
    return 0;
  }
}
