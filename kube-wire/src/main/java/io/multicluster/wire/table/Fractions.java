package io.multicluster.wire.table;

/** Texts such as {@code 1/2}; the usual ones are shared. */
final class Fractions {
  private static final int SHARED = 10;
  private static final String[] TEXTS = new String[SHARED * SHARED];

  static {
    for (int i = 0; i < TEXTS.length; i++) {
      TEXTS[i] = i / SHARED + "/" + i % SHARED;
    }
  }

  private Fractions() {}

  static String text(int part, int all) {
    return part < SHARED && all < SHARED ? TEXTS[part * SHARED + all] : part + "/" + all;
  }
}
