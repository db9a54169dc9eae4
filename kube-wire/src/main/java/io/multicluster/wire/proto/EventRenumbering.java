package io.multicluster.wire.proto;

/**
 * The two versions of an Event are one stored object with the same fields under other numbers:
 * {@code core/v1} (involvedObject, message, …) and {@code events.k8s.io/v1} (regarding, note, …).
 * Only the top level differs.
 */
public enum EventRenumbering {
  CORE_TO_EVENTS_K8S_IO(0x5496_32bf_edca_7810L),
  EVENTS_K8S_IO_TO_CORE(0x8765_94d2_3cfe_ba10L);

  /** The highest number that the versions give to a field; above it, numbers stay. */
  static final int FIELDS = 15;

  // Four bits a field: those of field 1 are bits 4 to 7.
  private final long newNumbers;

  EventRenumbering(long newNumbers) {
    this.newNumbers = newNumbers;
  }

  /** The number in the other version of what is field {@code number} in this one. */
  public int renumber(int number) {
    return number <= FIELDS ? (int) (newNumbers >>> (4 * number)) & 0xf : number;
  }
}
