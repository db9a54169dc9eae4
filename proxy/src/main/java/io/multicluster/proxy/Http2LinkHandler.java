package io.multicluster.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.util.concurrent.Promise;
import java.util.List;

/**
 * Where the channel meets its {@link Http2Link}: reads frames, and passes on what happens to it.
 */
final class Http2LinkHandler extends ByteToMessageDecoder {
  /** Where the type is in a frame's header. */
  private static final int TYPE = 3;

  private final DefaultHttp2FrameReader reader =
      new DefaultHttp2FrameReader(new DefaultHttp2HeadersDecoder(true, Http2Link.MAX_HEADER_LIST));
  private final Server server;
  private final UpstreamLimits limits;
  private final Link.Owner owner;
  private final Promise<Link> ready;

  /** Since this was added, which is before anything is read. */
  @SuppressWarnings("NullAway.Init")
  private Http2Link link;

  private boolean settingsCame;

  Http2LinkHandler(Server server, UpstreamLimits limits, Link.Owner owner, Promise<Link> ready) {
    this.server = server;
    this.limits = limits;
    this.owner = owner;
    this.ready = ready;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    link = new Http2Link(ctx, server, limits, owner, ready);
    link.begin();
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) {
    reader.close();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
    link.readStarted();
    super.channelRead(ctx, message);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (link.isBroken()) {
      in.skipBytes(in.readableBytes());
      return;
    }
    try {
      if (!settingsCame) {
        if (in.readableBytes() <= TYPE) {
          return;
        }
        settingsCame = true;
        if (in.getByte(in.readerIndex() + TYPE) != Http2FrameTypes.SETTINGS) {
          throw Http2Exception.connectionError(
              Http2Error.PROTOCOL_ERROR, "the first frame is not SETTINGS: is this HTTP/2?");
        }
      }
      reader.readFrame(ctx, in, link);
    } catch (Http2Exception e) {
      link.failed(e);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
    link.readComplete();
    super.channelReadComplete(ctx);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable()) {
      link.writable();
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    super.channelInactive(ctx);
    link.inactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    link.breakOff(cause);
  }
}
