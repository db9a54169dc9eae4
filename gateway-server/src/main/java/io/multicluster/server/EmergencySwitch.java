package io.multicluster.server;

import io.multicluster.server.flowcontrol.FlowControl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that, while it is there, shuts out everybody but the groups that it names, one a line. A
 * file, so that it can be thrown when nothing else answers any more.
 */
final class EmergencySwitch {
  private static final Logger LOG = LoggerFactory.getLogger(EmergencySwitch.class);

  private final Path file;
  private final FlowControl flowControl;
  private Set<String> groups = Set.of();

  EmergencySwitch(Path file, FlowControl flowControl) {
    this.file = file;
    this.flowControl = flowControl;
  }

  /** Looks at the file. One thread. */
  void refresh() {
    Set<String> named = read();
    if (!named.equals(groups)) {
      groups = named;
      flowControl.allowOnly(named);
      LOG.atWarn()
          .addKeyValue("groups", named)
          .log(named.isEmpty() ? "Everybody is served again" : "Only these groups are served");
    }
  }

  private Set<String> read() {
    try {
      return Files.readString(file)
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .collect(Collectors.toUnmodifiableSet());
    } catch (NoSuchFileException off) {
      return Set.of();
    } catch (IOException e) {
      throw new UncheckedIOException(file + " can't be read: who is served stays as it was", e);
    }
  }
}
