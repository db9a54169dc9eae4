package io.multicluster.authn;

/** Something read from files that may change while the program runs. */
public interface Reloadable {
  /**
   * Reads again; blocks for as long as the disk takes. Does not throw: content that can't be used
   * is logged, and what was in force stays.
   */
  void reload();
}
