package io.multicluster.server.transport;

import io.netty.util.AsciiString;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The {@code date} of answers, written once a second. For any thread. */
final class DateHeader {
  private static final DateTimeFormatter IMF_FIXDATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private static volatile DateHeader latest = new DateHeader(0);

  private final long second;
  private final AsciiString text;

  private DateHeader(long second) {
    this.second = second;
    this.text = new AsciiString(IMF_FIXDATE.format(Instant.ofEpochSecond(second)));
  }

  static AsciiString now() {
    long second = System.currentTimeMillis() / 1000;
    DateHeader header = latest;
    if (header.second != second) {
      header = new DateHeader(second);
      latest = header;
    }
    return header.text;
  }
}
