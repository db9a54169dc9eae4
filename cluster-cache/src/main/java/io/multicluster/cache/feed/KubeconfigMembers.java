package io.multicluster.cache.feed;

import io.multicluster.proxy.Kubeconfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Members that the configuration names by kubeconfig files. The files are read again every few
 * seconds, so that endpoints and credentials change while running.
 */
public final class KubeconfigMembers implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KubeconfigMembers.class);
  private static final Duration INTERVAL = Duration.ofSeconds(5);

  private final Map<String, Path> files;
  private final MemberFeeds members;
  private final Map<String, String> problems = new HashMap<>();
  private final Thread watcher = Thread.ofVirtual().name("kubeconfigs").unstarted(this::watch);

  /**
   * @param files by member
   */
  public KubeconfigMembers(Map<String, Path> files, MemberFeeds members) {
    this.files = Map.copyOf(files);
    this.members = members;
  }

  /** Puts the members, then goes on to watch their files. A file that can't be used is logged. */
  public void start() {
    readAll();
    watcher.start();
  }

  @Override
  public void close() {
    watcher.interrupt();
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(INTERVAL);
        readAll();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void readAll() {
    files.forEach(
        (name, file) -> {
          try {
            members.put(name, Kubeconfig.read(file));
            problems.remove(name);
          } catch (IOException | IllegalArgumentException e) {
            String problem = String.valueOf(e.getMessage());
            if (!problem.equals(problems.put(name, problem))) {
              log.atWarn()
                  .addKeyValue("member", name)
                  .addKeyValue("error", problem)
                  .log("the kubeconfig can't be used, the last good one stays");
            }
          }
        });
  }
}
