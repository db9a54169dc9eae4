package io.multicluster.server.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class AuditLogTest {
  @TempDir private Path folder;

  @Test
  void hasOnDiskWhatItSaysIsOnDisk() throws Exception {
    try (AuditLog log = AuditLog.open(settings(1 << 20, 0))) {
      log.append(line("a"), Urgency.INTENT).get(10, TimeUnit.SECONDS);
      assertThat(Files.readString(file())).isEqualTo("a\n");
      log.append(line("b"), Urgency.OUTCOME).get(10, TimeUnit.SECONDS);
      assertThat(Files.readString(file())).isEqualTo("a\nb\n");
      log.append(line("c"), Urgency.NOTE);
    }
    assertThat(Files.readString(file())).as("closing writes all").isEqualTo("a\nb\nc\n");
    assertThat(Files.getPosixFilePermissions(file()))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void isWrittenByOneProcessOnly() throws Exception {
    try (AuditLog log = AuditLog.open(settings(1 << 20, 0))) {
      assertThat(log.failure()).isNull();
      assertThatThrownBy(() -> AuditLog.open(settings(1 << 20, 0)))
          .isInstanceOfAny(IOException.class, java.nio.channels.OverlappingFileLockException.class);
    }
    AuditLog.open(settings(1 << 20, 0)).close();
  }

  @Test
  void takesAwayALineThatACrashCutOff() throws Exception {
    Files.createDirectories(file().getParent());
    Files.writeString(file(), "whole\nhal");
    try (AuditLog log = AuditLog.open(settings(1 << 20, 0))) {
      log.append(line("next"), Urgency.OUTCOME).get(10, TimeUnit.SECONDS);
    }
    assertThat(Files.readString(file())).isEqualTo("whole\nnext\n");
  }

  @Test
  void setsFilesAsideBySizeAndKeepsTheNewest() throws Exception {
    try (AuditLog log = AuditLog.open(settings(10, 2))) {
      for (int i = 0; i < 5; i++) {
        log.append(line("line-" + i), Urgency.OUTCOME).get(10, TimeUnit.SECONDS);
      }
    }
    assertThat(Files.readString(file())).isEqualTo("line-4\n");
    List<String> kept = new ArrayList<>();
    for (Path backup : LogFile.backups(file())) {
      kept.add(Files.readString(backup));
    }
    assertThat(kept).containsExactly("line-2\n", "line-3\n");
  }

  @Test
  void forgetsFilesThatAreTooOld() throws Exception {
    Files.createDirectories(file().getParent());
    Path old = file().resolveSibling("audit-2020-01-01T00-00-00.000.log");
    Path foreign = file().resolveSibling("audit-notes.log");
    Files.writeString(old, "old\n");
    Files.writeString(foreign, "mine\n");
    try (AuditLog log = AuditLog.open(settings(10, 0))) {
      log.append(line("line-1"), Urgency.OUTCOME).get(10, TimeUnit.SECONDS);
      log.append(line("line-2"), Urgency.OUTCOME).get(10, TimeUnit.SECONDS);
    }
    assertThat(old).doesNotExist();
    assertThat(foreign).exists();
    assertThat(LogFile.backups(file())).hasSize(1);
  }

  @Test
  void sharesOneFsyncAmongThoseWhoWait() throws Exception {
    CountDownLatch firstForce = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger forces = new AtomicInteger();
    Disk slow =
        faulty(
            _ -> {},
            () -> {
              if (forces.getAndIncrement() == 0) {
                firstForce.countDown();
                await(goOn);
              }
            });
    try (AuditLog log = AuditLog.open(settings(1 << 20, 0), slow)) {
      CompletableFuture<@Nullable Void> first = log.append(line("0"), Urgency.INTENT);
      assertThat(firstForce.await(10, TimeUnit.SECONDS)).isTrue();
      List<CompletableFuture<@Nullable Void>> others = new ArrayList<>();
      for (int i = 1; i <= 32; i++) {
        others.add(log.append(line(String.valueOf(i)), Urgency.INTENT));
      }
      assertThat(first).isNotDone();
      goOn.countDown();
      CompletableFuture.allOf(others.toArray(CompletableFuture<?>[]::new))
          .get(10, TimeUnit.SECONDS);
      assertThat(forces).as("one for the first, one for all others").hasValue(2);
    }
  }

  @Test
  void refusesIntentsOnAFullDiskButWritesOutcomesToItsReserve() throws Exception {
    AtomicBoolean full = new AtomicBoolean();
    Disk disk =
        faulty(
            file -> {
              // What is freed by giving up the reserve is enough for outcomes.
              boolean reserve = Files.exists(file().resolveSibling("audit.reserve"));
              if (full.get() && (reserve || !file.equals(file()))) {
                throw new IOException("No space left on device");
              }
            },
            () -> {});
    try (AuditLog log = AuditLog.open(settings(1 << 20, 0), disk)) {
      log.append(line("intent 1"), Urgency.INTENT).get(10, TimeUnit.SECONDS);
      full.set(true);

      CompletableFuture<@Nullable Void> refused = log.append(line("intent 2"), Urgency.INTENT);
      assertThatThrownBy(() -> refused.get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("No space left");
      log.append(line("outcome 1"), Urgency.OUTCOME).get(10, TimeUnit.SECONDS);
      assertThat(Files.readString(file())).isEqualTo("intent 1\noutcome 1\n");
      assertThat(log.append(line("intent 3"), Urgency.INTENT)).isCompletedExceptionally();

      full.set(false);
      Awaitility.await("changes are taken again")
          .atMost(Duration.ofMinutes(1))
          .until(() -> log.failure() == null);
      log.append(line("intent 4"), Urgency.INTENT).get(10, TimeUnit.SECONDS);
      assertThat(Files.readString(file())).isEqualTo("intent 1\noutcome 1\nintent 4\n");
      assertThat(file().resolveSibling("audit.reserve")).exists();
    }
  }

  @Test
  void owesOutcomesUntilTheDiskIsBack() throws Exception {
    AtomicBoolean broken = new AtomicBoolean();
    Disk disk =
        faulty(
            _ -> {
              if (broken.get()) {
                throw new IOException("Input/output error");
              }
            },
            () -> {});
    try (AuditLog log = AuditLog.open(settings(1 << 20, 0), disk)) {
      log.append(line("intent"), Urgency.INTENT).get(10, TimeUnit.SECONDS);
      broken.set(true);
      log.append(line("note"), Urgency.NOTE);
      CompletableFuture<@Nullable Void> outcome = log.append(line("outcome"), Urgency.OUTCOME);
      assertThatThrownBy(() -> outcome.get(10, TimeUnit.SECONDS))
          .hasMessageContaining("Input/output error");

      broken.set(false);
      Awaitility.await("the disk is back")
          .atMost(Duration.ofMinutes(1))
          .until(() -> log.failure() == null);
      assertThat(Files.readString(file())).isEqualTo("intent\noutcome\n");
      assertThat(log.lost()).isEqualTo(1);
    }
  }

  @Test
  void leavesNothingOfAWriteThatFailedHalfway() throws Exception {
    AtomicBoolean half = new AtomicBoolean();
    Disk disk =
        file -> {
          Disk.Appender real = Disk.REAL.open(file);
          return new Wrapped(real) {
            @Override
            public void write(ByteBuffer bytes) throws IOException {
              if (half.getAndSet(false)) {
                real.write(bytes.slice(0, bytes.remaining() / 2));
                throw new IOException("No space left on device");
              }
              real.write(bytes);
            }
          };
        };
    try (AuditLog log = AuditLog.open(settings(1 << 20, 0), disk)) {
      half.set(true);
      assertThatThrownBy(
              () -> log.append(line("refused"), Urgency.INTENT).get(10, TimeUnit.SECONDS))
          .hasMessageContaining("No space left");
      log.append(line("outcome"), Urgency.OUTCOME).get(10, TimeUnit.SECONDS);
      assertThat(Files.readString(file())).isEqualTo("outcome\n");
    }
  }

  @Test
  void goesOnAfterAFaultThatNobodyForesaw() throws Exception {
    AtomicBoolean stumbles = new AtomicBoolean();
    Disk disk =
        faulty(
            _ -> {
              if (stumbles.getAndSet(false)) {
                throw new IllegalStateException("nobody foresaw this");
              }
            },
            () -> {});
    try (AuditLog log = AuditLog.open(settings(1 << 20, 0), disk)) {
      stumbles.set(true);
      assertThatThrownBy(
              () -> log.append(line("refused"), Urgency.INTENT).get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("nobody foresaw this");
      log.append(line("outcome"), Urgency.OUTCOME).get(10, TimeUnit.SECONDS);
      assertThat(Files.readString(file())).isEqualTo("outcome\n");
    }
  }

  @Test
  void isReadToItsEndAlthoughANewFileCouldNotBeOpenedAtOnce() throws Exception {
    AtomicBoolean stumbles = new AtomicBoolean();
    Disk disk =
        file -> {
          if (stumbles.getAndSet(false)) {
            throw new IOException("Too many open files");
          }
          return Disk.REAL.open(file);
        };
    try (AuditLog log = AuditLog.open(settings(10, 0), disk);
        LogTail tail = log.tail(new LogTail.Position("", 0))) {
      log.append(line("line-1"), Urgency.OUTCOME).get(10, TimeUnit.SECONDS);
      assertThat(tail.next(10, 1000).lines()).containsExactly(line("line-1"));
      stumbles.set(true);
      log.append(line("line-2"), Urgency.OUTCOME).get(10, TimeUnit.SECONDS);
      assertThat(LogFile.backups(file())).as("set aside").hasSize(1);
      assertThat(tail.next(10, 1000).lines()).containsExactly(line("line-2"));
    }
  }

  private LogSettings settings(long maxBytes, int maxBackups) {
    return new LogSettings(file(), maxBytes, maxBackups, Duration.ofDays(30), 1024);
  }

  private Path file() {
    return folder.resolve("audit/audit.log");
  }

  private static byte[] line(String text) {
    return (text + "\n").getBytes(UTF_8);
  }

  /** Something that may fail. */
  private interface Fault {
    void check(Path file) throws IOException;
  }

  private static Disk faulty(Fault beforeWrite, Runnable beforeForce) {
    return file -> {
      Disk.Appender real = Disk.REAL.open(file);
      boolean log = String.valueOf(file.getFileName()).endsWith(".log");
      return new Wrapped(real) {
        @Override
        public void write(ByteBuffer bytes) throws IOException {
          beforeWrite.check(file);
          real.write(bytes);
        }

        @Override
        public void force() throws IOException {
          if (log) {
            beforeForce.run();
          }
          real.force();
        }
      };
    };
  }

  /** A file whose operations can be replaced one by one. */
  private abstract static class Wrapped implements Disk.Appender {
    private final Disk.Appender real;

    Wrapped(Disk.Appender real) {
      this.real = real;
    }

    @Override
    public void force() throws IOException {
      real.force();
    }

    @Override
    public void truncate(long size) throws IOException {
      real.truncate(size);
    }

    @Override
    public long size() throws IOException {
      return real.size();
    }

    @Override
    public void close() throws IOException {
      real.close();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
