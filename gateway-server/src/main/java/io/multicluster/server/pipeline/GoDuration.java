package io.multicluster.server.pipeline;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Go writes them: {@code 1h30m}, {@code 1.5s}, {@code 300ms}. */
final class GoDuration {
  private static final Pattern PART =
      Pattern.compile("(\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|μs|ms|s|m|h)");
  private static final BigInteger LARGEST = BigInteger.valueOf(Long.MAX_VALUE);

  private GoDuration() {}

  /**
   * @throws IllegalArgumentException with Go's words
   */
  static Duration parse(String text) {
    boolean negative = text.startsWith("-");
    String rest = negative || text.startsWith("+") ? text.substring(1) : text;
    if (rest.equals("0")) {
      return Duration.ZERO;
    }
    BigDecimal nanos = BigDecimal.ZERO;
    Matcher part = PART.matcher(rest);
    int end = 0;
    while (end < rest.length() && part.find(end) && part.start() == end) {
      nanos = nanos.add(new BigDecimal(part.group(1)).multiply(unit(part.group(2))));
      end = part.end();
    }
    if (end == 0 || end < rest.length() || nanos.toBigInteger().compareTo(LARGEST) > 0) {
      throw new IllegalArgumentException(problem(text, rest.substring(end)));
    }
    long value = nanos.longValue();
    return Duration.ofNanos(negative ? -value : value);
  }

  private static String problem(String text, String rest) {
    String quoted = '"' + text + '"';
    if (!text.isEmpty() && rest.matches("\\d+\\.?\\d*")) {
      return "time: missing unit in duration " + quoted;
    }
    Matcher unit = Pattern.compile("[\\d.]*\\d[\\d.]*([^\\d.]+).*").matcher(rest);
    return unit.matches() && !PART.matcher(rest).lookingAt()
        ? "time: unknown unit \"" + unit.group(1) + "\" in duration " + quoted
        : "time: invalid duration " + quoted;
  }

  private static BigDecimal unit(String unit) {
    return BigDecimal.valueOf(
        switch (unit) {
          case "h" -> 3_600_000_000_000L;
          case "m" -> 60_000_000_000L;
          case "s" -> 1_000_000_000L;
          case "ms" -> 1_000_000L;
          case "ns" -> 1L;
          default -> 1_000L;
        });
  }
}
