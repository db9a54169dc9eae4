package io.multicluster.wire.selector;

/** The selectable fields of one object. */
@FunctionalInterface
public interface FieldSet {
  /** The field's value; empty if the object has none or the field is unknown. */
  String get(String field);
}
