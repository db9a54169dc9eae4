package io.multicluster.server.e2e;

import io.multicluster.server.e2e.Kubectl.Result;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A program that is run to its end. */
final class Command {
  private Command() {}

  /**
   * Gives it the input and returns what it left behind, whether it succeeded or not.
   *
   * @param limit it fails the test to take longer
   */
  static Result run(ProcessBuilder command, String input, Duration limit) {
    try {
      Process process = command.start();
      BlockingQueue<String> errors = new LinkedBlockingQueue<>();
      Thread.ofVirtual().start(() -> errors.add(text(process.getErrorStream())));
      BlockingQueue<String> outputs = new LinkedBlockingQueue<>();
      Thread.ofVirtual().start(() -> outputs.add(text(process.getInputStream())));
      try (var stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.UTF_8));
      }
      if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new AssertionError(
            String.join(" ", command.command())
                + " does not end: "
                + outputs.take()
                + errors.take());
      }
      return new Result(process.exitValue(), outputs.take(), errors.take());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static String text(InputStream stream) {
    try (stream) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
