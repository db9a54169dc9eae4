package io.multicluster.wire.negotiate;

/**
 * The form of an answer.
 *
 * @param pretty whether JSON is to be indented; false for all other formats
 */
public record Negotiated(Format format, Transform transform, boolean pretty) {
  Negotiated pretty(boolean wanted) {
    return wanted == pretty ? this : new Negotiated(format, transform, wanted);
  }
}
