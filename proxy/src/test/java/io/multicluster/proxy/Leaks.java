package io.multicluster.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Fails a test class in which a buffer was lost without being released. */
final class Leaks implements BeforeAllCallback, AfterAllCallback {
  private static final Logger REPORTS =
      (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);

  private final ListAppender<ILoggingEvent> reported = new ListAppender<>();

  @Override
  public void beforeAll(ExtensionContext context) {
    assertThat(ResourceLeakDetector.getLevel())
        .as("io.netty.leakDetection.level")
        .isEqualTo(ResourceLeakDetector.Level.PARANOID);
    reported.start();
    REPORTS.addAppender(reported);
    REPORTS.setAdditive(false);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    provoke();
    REPORTS.detachAppender(reported);
    REPORTS.setAdditive(true);
    assertThat(reported.list).isEmpty();
  }

  /** A leak is reported when a buffer is made after the collector has met the lost one. */
  static void provoke() {
    for (int i = 0; i < 3; i++) {
      System.gc();
      ByteBuf any = ByteBufAllocator.DEFAULT.buffer(16);
      any.release();
    }
  }

  /** What was reported so far. */
  ListAppender<ILoggingEvent> reported() {
    return reported;
  }
}
