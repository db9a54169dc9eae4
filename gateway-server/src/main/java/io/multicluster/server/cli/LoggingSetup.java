package io.multicluster.server.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import io.multicluster.server.config.GatewayConfiguration.Logging;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the configuration's wishes to the log; until then {@code logback.xml} holds. */
final class LoggingSetup {
  private LoggingSetup() {}

  static void apply(Logging wanted) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setTarget("System.err");
    appender.setEncoder(encoder(wanted.format(), context));
    appender.start();
    root.detachAndStopAllAppenders();
    root.addAppender(appender);
    root.setLevel(Level.toLevel(wanted.level().name()));
    // Its debug lines are about itself, thousands of them.
    context.getLogger("io.netty").setLevel(Level.INFO);
    // Whoever watches with it reports what goes wrong, without the stack traces of its sockets.
    context.getLogger("io.fabric8").setLevel(Level.ERROR);
  }

  private static Encoder<ILoggingEvent> encoder(Logging.Format format, LoggerContext context) {
    Encoder<ILoggingEvent> encoder =
        switch (format) {
          case json -> new JsonEncoder();
          case text -> {
            PatternLayoutEncoder text = new PatternLayoutEncoder();
            text.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0}: %msg %kvp%n%ex");
            yield text;
          }
        };
    encoder.setContext(context);
    encoder.start();
    return encoder;
  }
}
