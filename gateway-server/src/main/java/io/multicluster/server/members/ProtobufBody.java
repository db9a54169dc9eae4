package io.multicluster.server.members;

import io.multicluster.wire.proto.ClusterMark;
import io.multicluster.wire.proto.Envelope;
import io.multicluster.wire.proto.MalformedProtoException;
import io.multicluster.wire.proto.ObjectSplicer;
import io.multicluster.wire.proto.ProtoReader;
import io.multicluster.wire.proto.ProtoWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/** An enveloped protobuf object, rewritten for its member. */
final class ProtobufBody {
  private static final int METADATA = 1;
  private static final int RESOURCE_VERSION = 6;
  private static final int LABELS = 11;
  private static final int DELETE_OPTIONS = 2;
  private static final int PRECONDITIONS = 2;
  private static final int REQUIRED_VERSION = 2;

  private ProtobufBody() {}

  /**
   * @param place what the body is
   * @throws MalformedProtoException if it is not enveloped protobuf
   * @throws io.multicluster.wire.status.ApiException as {@link MemberTerms} does
   */
  static byte[] inTerms(byte[] body, Place place, MemberTerms terms) {
    Envelope.Content content = Envelope.open(body, 0, body.length);
    byte[] raw =
        place == Place.DELETE_OPTIONS
            ? new ProtoWriter(body.length + 32)
                .raw(body, content.rawStart(), content.rawEnd())
                .toByteArray()
            : withoutMarks(body, content, terms);
    byte[] result =
        switch (place) {
          case DELETE_OPTIONS -> withPrecondition(raw, precondition(new ProtoReader(raw), terms));
          case EVICTION -> eviction(raw, terms);
          default -> raw;
        };
    ByteBuf out = Unpooled.buffer(result.length + 96);
    new Envelope(content.apiVersion(), content.kind()).write(out, result, 0, result.length);
    return ByteBufUtil.getBytes(out);
  }

  private static byte[] withoutMarks(byte[] body, Envelope.Content content, MemberTerms terms) {
    String version = null;
    boolean seen = false;
    ProtoReader object = new ProtoReader(body, content.rawStart(), content.rawEnd());
    while (object.next()) {
      if (object.field() == METADATA) {
        if (seen) {
          // They would be merged, and only the first is looked at here.
          throw new MalformedProtoException("metadata stands there twice");
        }
        seen = true;
        version = metadata(object.message(), terms);
      }
    }
    return new ObjectSplicer()
        .restore(body, content.rawStart(), content.rawEnd(), version)
        .toByteArray();
  }

  /** Returns the member's resourceVersion; null if none is named. */
  private static @Nullable String metadata(ProtoReader metadata, MemberTerms terms) {
    String version = null;
    while (metadata.next()) {
      switch (metadata.field()) {
        case RESOURCE_VERSION -> version = metadata.string();
        case LABELS -> label(metadata.message(), terms);
        default -> {}
      }
    }
    return version == null || version.isEmpty() ? null : terms.resourceVersion(version);
  }

  private static void label(ProtoReader entry, MemberTerms terms) {
    String key = "";
    String value = "";
    while (entry.next()) {
      switch (entry.field()) {
        case 1 -> key = entry.string();
        case 2 -> value = entry.string();
        default -> {}
      }
    }
    if (key.equals(ClusterMark.LABEL)) {
      terms.label(value);
    }
  }

  private static byte[] eviction(byte[] raw, MemberTerms terms) {
    ProtoReader eviction = new ProtoReader(raw);
    String version = null;
    while (eviction.next()) {
      if (eviction.field() == DELETE_OPTIONS) {
        version = precondition(eviction.message(), terms);
      }
    }
    return version == null
        ? raw
        : new ProtoWriter(raw.length + 48)
            .raw(raw, 0, raw.length)
            .bytes(DELETE_OPTIONS, withPrecondition(new byte[0], version))
            .toByteArray();
  }

  /** The member's resourceVersion that delete options require; null if they require none. */
  private static @Nullable String precondition(ProtoReader options, MemberTerms terms) {
    String version = null;
    while (options.next()) {
      if (options.field() == PRECONDITIONS) {
        ProtoReader preconditions = options.message();
        while (preconditions.next()) {
          if (preconditions.field() == REQUIRED_VERSION) {
            version = preconditions.string();
          }
        }
      }
    }
    return version == null ? null : terms.resourceVersion(version);
  }

  /** Of messages that stand there twice the later fields count. */
  private static byte[] withPrecondition(byte[] options, @Nullable String version) {
    return version == null
        ? options
        : new ProtoWriter(options.length + 32)
            .raw(options, 0, options.length)
            .message(PRECONDITIONS, new ProtoWriter(24).string(REQUIRED_VERSION, version))
            .toByteArray();
  }
}
