package io.multicluster.server.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.multicluster.admission.PolicyParser;
import io.multicluster.admission.PolicySource;
import io.multicluster.admission.ProtectionPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ProtectionPolicy documents in files, read again when they change. A change that can't be
 * understood is logged, and the file's policies stay what they were.
 */
public final class FilePolicies implements PolicySource {
  private static final Logger LOG = LoggerFactory.getLogger(FilePolicies.class);
  private static final YAMLMapper YAML = new YAMLMapper();

  private final List<Path> files;
  private final Map<Path, byte[]> read = new HashMap<>();
  private final Map<Path, List<ProtectionPolicy>> byFile = new HashMap<>();
  private volatile List<ProtectionPolicy> current = List.of();

  /**
   * @throws IOException if a file can't be read
   * @throws IllegalArgumentException if one can't be understood; the message names it
   */
  public FilePolicies(List<Path> files) throws IOException {
    this.files = List.copyOf(files);
    for (Path file : this.files) {
      take(file);
    }
    publish();
  }

  @Override
  public List<ProtectionPolicy> policies() {
    return current;
  }

  /** Looks whether files have changed. One caller at a time. */
  public void refresh() {
    boolean changed = false;
    for (Path file : files) {
      try {
        changed |= take(file);
      } catch (IOException | IllegalArgumentException e) {
        LOG.atError()
            .addKeyValue("file", file)
            .addKeyValue("reason", e.getMessage())
            .log("Policies can't be read: the last ones stay in force");
      }
    }
    if (changed) {
      publish();
    }
  }

  private boolean take(Path file) throws IOException {
    byte[] content = Files.readAllBytes(file);
    if (Arrays.equals(content, read.get(file))) {
      return false;
    }
    List<ProtectionPolicy> policies = new ArrayList<>();
    try (MappingIterator<JsonNode> documents = YAML.readerFor(JsonNode.class).readValues(content)) {
      while (documents.hasNext()) {
        JsonNode document = documents.next();
        if (document != null && !document.isNull() && !document.isMissingNode()) {
          policies.add(PolicyParser.parse(document));
        }
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      // What MappingIterator makes of a document that is no YAML.
      throw new IllegalArgumentException(file + " is no YAML: " + e.getMessage(), e);
    }
    read.put(file, content);
    byFile.put(file, policies);
    return true;
  }

  private void publish() {
    current =
        byFile.values().stream()
            .flatMap(List::stream)
            .sorted(Comparator.comparing(ProtectionPolicy::name))
            .toList();
  }
}
