package io.multicluster.server.config;

/** A value that its record refuses. */
final class InvalidSettingException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String key;

  /**
   * @param key the component of the record, as it is called in the file
   * @param message what is wrong and what would be right, without the key
   */
  InvalidSettingException(String key, String message) {
    super(message);
    this.key = key;
  }

  String key() {
    return key;
  }
}
