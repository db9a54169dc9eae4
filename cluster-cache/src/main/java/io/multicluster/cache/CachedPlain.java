package io.multicluster.cache;

/** An object of a kind that is selected by its metadata only. */
final class CachedPlain extends CachedObject {
  CachedPlain(Parts parts) {
    super(parts);
  }

  @Override
  String uid() {
    return ProtoFields.uid(bytes());
  }

  @Override
  String ownField(String field) {
    return "";
  }
}
