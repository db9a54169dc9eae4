package io.multicluster.wire.table;

import io.multicluster.wire.json.JsonWriter;

/**
 * A column's definition.
 *
 * @param isName whether this is the object's name, by which kubectl refers to the row
 * @param wide whether the column is shown only on demand
 */
record Column(String name, boolean isName, boolean wide, String description) {
  /** All columns are declared as text, even where a cell is a number, as kube-apiserver does. */
  void write(JsonWriter json) {
    json.beginObject().name("name").value(name).name("type").value("string");
    json.name("format").value(isName ? "name" : "").name("description").value(description);
    json.name("priority").value(wide ? 1 : 0).endObject();
  }
}
