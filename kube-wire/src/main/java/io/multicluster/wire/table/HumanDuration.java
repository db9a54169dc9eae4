package io.multicluster.wire.table;

/** Ages as kubectl shows them: two or three significant figures. */
public final class HumanDuration {
  private static final long SECOND = 1000;
  private static final long MINUTE = 60 * SECOND;
  private static final long HOUR = 60 * MINUTE;
  private static final long DAY = 24 * HOUR;
  private static final long YEAR = 365 * DAY;

  private HumanDuration() {}

  /**
   * @param millis slightly negative where clocks differ, which counts as now
   */
  public static String of(long millis) {
    if (millis <= -2 * SECOND) {
      return "<invalid>";
    }
    if (millis < 0) {
      return "0s";
    }
    if (millis < 2 * MINUTE) {
      return millis / SECOND + "s";
    }
    if (millis < 10 * MINUTE) {
      return units(millis, MINUTE, 'm', SECOND, 's');
    }
    if (millis < 3 * HOUR) {
      return millis / MINUTE + "m";
    }
    if (millis < 8 * HOUR) {
      return units(millis, HOUR, 'h', MINUTE, 'm');
    }
    if (millis < 2 * DAY) {
      return millis / HOUR + "h";
    }
    if (millis < 8 * DAY) {
      return units(millis, DAY, 'd', HOUR, 'h');
    }
    if (millis < 2 * YEAR) {
      return millis / DAY + "d";
    }
    if (millis < 8 * YEAR) {
      return units(millis, YEAR, 'y', DAY, 'd');
    }
    return millis / YEAR + "y";
  }

  private static String units(long millis, long large, char largeName, long small, char smallName) {
    long rest = millis % large / small;
    String text = Long.toString(millis / large) + largeName;
    return rest == 0 ? text : text + rest + smallName;
  }
}
