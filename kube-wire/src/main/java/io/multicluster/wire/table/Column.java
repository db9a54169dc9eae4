package io.multicluster.wire.table;

import io.multicluster.wire.json.JsonText;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * A column's definition.
 *
 * @param isName whether this is the object's name, by which kubectl refers to the row
 * @param wide whether the column is shown only on demand
 */
record Column(String name, boolean isName, boolean wide, String description) {
  /** All columns are declared as text, even where a cell is a number, as kube-apiserver does. */
  void write(ByteBuf out) {
    ascii(out, "{\"name\":");
    JsonText.write(out, name);
    ascii(
        out,
        isName
            ? ",\"type\":\"string\",\"format\":\"name\""
            : ",\"type\":\"string\",\"format\":\"\"");
    ascii(out, ",\"description\":");
    JsonText.write(out, description);
    ascii(out, wide ? ",\"priority\":1}" : ",\"priority\":0}");
  }

  private static void ascii(ByteBuf out, String text) {
    out.writeCharSequence(text, StandardCharsets.US_ASCII);
  }
}
