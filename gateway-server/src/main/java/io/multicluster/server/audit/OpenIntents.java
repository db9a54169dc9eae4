package io.multicluster.server.audit;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds the intents in a log whose outcome is not there: what was under way at a crash. */
final class OpenIntents {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> READS = Set.of("get", "list", "watch", "head", "options");

  /**
   * Changes have 34 s in the gateway; an intent that was set aside long before the last record was
   * written has its outcome.
   */
  private static final Duration LONGEST_CHANGE = Duration.ofMinutes(5);

  private static final String AUDIT_ID = "\"auditID\":\"";
  private static final String RECEIVED = "\"requestReceivedTimestamp\":\"";
  private static final String INTENT = "\"stage\":\"RequestReceived\"";

  private OpenIntents() {}

  /** Reads the log, and what was set aside of it shortly before its last record, oldest first. */
  static List<ObjectNode> find(Path log) throws IOException {
    Map<String, ObjectNode> open = new LinkedHashMap<>();
    for (Path file : recent(log)) {
      read(file, open);
    }
    return new ArrayList<>(open.values());
  }

  private static List<Path> recent(Path log) throws IOException {
    List<Path> files = new ArrayList<>();
    boolean exists = Files.exists(log);
    Path folder = log.toAbsolutePath().getParent();
    List<Path> backups =
        folder == null || Files.notExists(folder) ? List.of() : LogFile.backups(log);
    if (!exists && backups.isEmpty()) {
      return files;
    }
    Instant last = Files.getLastModifiedTime(exists ? log : backups.getLast()).toInstant();
    for (Path backup : backups) {
      if (!Files.getLastModifiedTime(backup).toInstant().isBefore(last.minus(LONGEST_CHANGE))) {
        files.add(backup);
      }
    }
    if (exists) {
      files.add(log);
    }
    return files;
  }

  private static void read(Path file, Map<String, ObjectNode> open) throws IOException {
    boolean torn = isTorn(file);
    // A line that was cut off may end within a character: a reader of Files would fail.
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(Files.newInputStream(file), UTF_8))) {
      String following;
      for (String line = lines.readLine(); line != null; line = following) {
        following = lines.readLine();
        if (following == null && torn) {
          return;
        }
        int front = line.indexOf(AUDIT_ID);
        // Bodies may hold anything, but they stand before the time.
        int time = line.lastIndexOf(RECEIVED);
        if (front < 0 || time < 0) {
          continue;
        }
        // A client may use one audit ID for several requests.
        String key = value(line, front + AUDIT_ID.length()) + value(line, time + RECEIVED.length());
        if (line.startsWith(INTENT, line.indexOf("\"stage\":"))) {
          JsonNode event = JSON.readTree(line);
          if (event instanceof ObjectNode intent && isChange(intent)) {
            open.put(key, intent);
          }
        } else {
          open.remove(key);
        }
      }
    }
  }

  /** Whether a crash cut off the last line, of which nobody was told that it was written. */
  private static boolean isTorn(Path file) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "r")) {
      long length = bytes.length();
      if (length == 0) {
        return false;
      }
      bytes.seek(length - 1);
      return bytes.read() != '\n';
    }
  }

  private static boolean isChange(ObjectNode event) {
    return !READS.contains(event.path("verb").asText())
        && !event.path("objectRef").path("apiGroup").asText().equals("authorization.k8s.io");
  }

  /** The text up to the closing quote, escapes as they stand. */
  private static String value(String line, int start) {
    int end = start;
    while (end < line.length() && line.charAt(end) != '"') {
      end += line.charAt(end) == '\\' ? 2 : 1;
    }
    return line.substring(start, Math.min(end, line.length()));
  }
}
