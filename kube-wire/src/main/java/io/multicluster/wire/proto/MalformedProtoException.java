package io.multicluster.wire.proto;

/** Bytes that are not the protobuf message they were taken for. */
public final class MalformedProtoException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public MalformedProtoException(String what) {
    super(what, null, false, false);
  }
}
