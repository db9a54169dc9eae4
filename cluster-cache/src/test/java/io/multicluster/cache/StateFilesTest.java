package io.multicluster.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFilesTest {
  private static final long MEBI = 1 << 20;

  @TempDir private Path folder;
  private StateFiles files;

  @BeforeEach
  void open() throws IOException {
    files = StateFiles.open(folder);
  }

  @AfterEach
  void close() throws IOException {
    files.close();
  }

  @Test
  void keepsWhatReachesBackFiveMinutes() throws IOException {
    for (long generation = 1; generation <= 4; generation++) {
      generation(generation, 1);
    }
    assertThat(files.checkpoints()).containsExactly(1L, 4L);
    assertThat(logs(5)).containsExactly(1L, 2L, 3L, 4L);

    age(4);
    generation(5, 1);
    generation(6, 1);
    assertThat(files.checkpoints()).containsExactly(4L, 6L);
    assertThat(logs(7)).containsExactly(4L, 5L, 6L);
    age(6);
    generation(7, 1);
    assertThat(files.checkpoints()).containsExactly(6L, 7L);
    assertThat(logs(8)).containsExactly(6L, 7L);
  }

  @Test
  void keepsTheGenerationBeforeHoweverMuchItIs() throws IOException {
    generation(1, 30 * MEBI);
    generation(2, 1000 * MEBI);
    generation(3, 1);
    assertThat(files.checkpoints()).containsExactly(2L, 3L);
    assertThat(logs(4)).containsExactly(2L, 3L);
  }

  @Test
  void keepsNoMoreOfOthersThanMemoryBears() throws IOException {
    for (long generation = 1; generation <= 3; generation++) {
      generation(generation, 30 * MEBI);
    }
    assertThat(logs(4)).as("60 MiB before the last").containsExactly(1L, 2L, 3L);
    generation(4, 30 * MEBI);
    assertThat(files.checkpoints()).as("not 90").containsExactly(3L, 4L);
    assertThat(logs(5)).containsExactly(3L, 4L);
  }

  @Test
  void keepsSixteenGenerationsAtMost() throws IOException {
    for (long generation = 1; generation <= 40; generation++) {
      generation(generation, 1);
      assertThat(logs(generation + 1)).hasSizeLessThanOrEqualTo(17);
      assertThat(files.checkpoints()).hasSizeLessThanOrEqualTo(2);
    }
  }

  private void generation(long number, long logged) throws IOException {
    try (RandomAccessFile log = new RandomAccessFile(files.log(number).toFile(), "rw")) {
      log.setLength(logged);
    }
    Files.createFile(files.unfinished(number));
    files.finish(number);
  }

  private void age(long generation) throws IOException {
    Files.setLastModifiedTime(
        files.checkpoint(generation), FileTime.from(Instant.now().minusSeconds(301)));
  }

  private List<Long> logs(long before) {
    return LongStream.range(1, before)
        .filter(generation -> Files.exists(files.log(generation)))
        .boxed()
        .toList();
  }
}
