package io.multicluster.server;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** The version of this program, as the build wrote it down. */
public final class Version {
  private Version() {}

  /** Such as {@code 0.1.0} or {@code 0.1.0-SNAPSHOT}. */
  public static String current() {
    Properties properties = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      if (in == null) {
        throw new IllegalStateException("the build left out version.properties");
      }
      properties.load(in);
    } catch (IOException e) {
      throw new IllegalStateException("version.properties can't be read", e);
    }
    return properties.getProperty("version");
  }
}
