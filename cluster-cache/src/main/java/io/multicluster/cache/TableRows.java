package io.multicluster.cache;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.multicluster.wire.proto.ListMeta;
import io.multicluster.wire.proto.StringPool;
import io.multicluster.wire.table.IncludeObject;
import io.multicluster.wire.table.TableWriter;
import io.netty.buffer.ByteBuf;
import java.util.function.LongSupplier;

/** Writes the rows of Tables of one view, in the form that one request asks for. */
final class TableRows {
  private static final byte[] NULL = "null".getBytes(US_ASCII);

  private final JsonSource json;
  private final TableWriter writer;
  private final String version;
  private final IncludeObject include;
  private final LongSupplier wallMillis;
  private final StringPool pool = new StringPool(64);

  /**
   * @param version {@code v1} or {@code v1beta1} of meta.k8s.io
   */
  TableRows(View view, String version, IncludeObject include, LongSupplier wallMillis) {
    this.json = view.json();
    this.writer = view.tableWriter(version);
    this.version = version;
    this.include = include;
    this.wallMillis = wallMillis;
  }

  void begin(ByteBuf out, ListMeta metadata, boolean definitions) {
    writer.begin(out, metadata, definitions);
  }

  void row(ByteBuf out, boolean first, CachedObject object, long resourceVersion) {
    writer.beginRow(
        out, first, object.row(pool), object.name(), object.cluster(), wallMillis.getAsLong());
    switch (include) {
      case NONE -> out.writeBytes(NULL);
      case METADATA -> json.metadata(out, object, resourceVersion, version);
      case OBJECT -> json.object(out, object, resourceVersion);
    }
    writer.endRow(out);
  }

  /** The row of an object that has nothing but what a bookmark says. */
  void bookmarkRow(ByteBuf out, View view, Bookmark bookmark) {
    writer.beginRow(out, true, view.emptyRow(), "", "", wallMillis.getAsLong());
    if (include == IncludeObject.OBJECT) {
      json.bookmark(out, bookmark);
    } else {
      json.bookmarkMetadata(out, bookmark, version);
    }
    writer.endRow(out);
  }

  void end(ByteBuf out) {
    writer.end(out);
  }
}
