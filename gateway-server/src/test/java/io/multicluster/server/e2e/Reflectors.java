package io.multicluster.server.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.multicluster.testclusters.Programs;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * client-go's reflectors at work, see {@code test-clusters/programs/reflectors}, with its detector
 * of inconsistent streamed lists switched on. Thread-safe.
 */
final class Reflectors implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process process;
  private final Path errors;
  private final Thread reader;

  @GuardedBy("this")
  private final Map<String, FollowerHistory> histories = new LinkedHashMap<>();

  private final BlockingQueue<Map<String, Map<String, JsonNode>>> dumps =
      new LinkedBlockingQueue<>();

  private Reflectors(Process process, Path folder, Path errors, List<String> followers) {
    this.process = process;
    this.errors = errors;
    this.reader =
        Thread.ofPlatform()
            .daemon()
            .name("journal")
            .unstarted(() -> read(folder.resolve("reflectors.jsonl")));
    synchronized (this) {
      followers.forEach(name -> histories.put(name, new FollowerHistory(name)));
    }
  }

  /**
   * @param folder gets the journal, and what the program had to complain about
   * @param followers as the program names them
   */
  static Reflectors start(Path folder, Path kubeconfig, List<String> followers) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Programs.get(System.err::println, "reflectors").path("reflectors").toString());
    command.add(kubeconfig.toString());
    command.addAll(followers);
    Path errors = folder.resolve("reflectors.log");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().put("KUBE_WATCHLIST_INCONSISTENCY_DETECTOR", "true");
    Reflectors started = new Reflectors(builder.start(), folder, errors, followers);
    started.reader.start();
    return started;
  }

  /** Whether each has listed its collection. */
  synchronized boolean synced() {
    checkAlive();
    return histories.values().stream().allMatch(FollowerHistory::synced);
  }

  /** Ends them, and returns what they went through. */
  List<FollowerHistory> end() throws InterruptedException {
    checkAlive();
    close();
    reader.join();
    synchronized (this) {
      return List.copyOf(histories.values());
    }
  }

  /** What each follower holds now, by name and key. */
  Map<String, Map<String, JsonNode>> dump() throws IOException, InterruptedException {
    checkAlive();
    process.outputWriter(StandardCharsets.UTF_8).append("dump\n").flush();
    Map<String, Map<String, JsonNode>> dump = dumps.poll(60, TimeUnit.SECONDS);
    if (dump == null) {
      checkAlive();
      throw new AssertionError("the reflectors don't say what they hold");
    }
    return dump;
  }

  private void checkAlive() {
    if (!process.isAlive()) {
      try {
        throw new AssertionError("the reflectors ended:\n" + Files.readString(errors));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void read(Path journal) {
    Map<String, Map<String, JsonNode>> dump = new HashMap<>();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
        Writer copy = Files.newBufferedWriter(journal)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode entry = JSON.readTree(line);
        String follower = entry.path("follower").asText();
        switch (entry.path("what").asText()) {
          case "held" ->
              dump.computeIfAbsent(follower, _ -> new HashMap<>())
                  .put(entry.path("key").asText(), entry.path("object"));
          case "dumped" -> {
            dumps.add(dump);
            dump = new HashMap<>();
          }
          default -> {
            copy.append(line).append('\n').flush();
            synchronized (this) {
              Objects.requireNonNull(histories.get(follower)).read(entry);
            }
          }
        }
      }
    } catch (IOException e) {
      // The end of the program; those who need it notice.
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
