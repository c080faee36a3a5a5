// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import NIOCore
import NIOHTTP1

/// A part of an answer that can be sent between tasks.
typealias ResponsePart = HTTPPart<HTTPResponseHead, ByteBuffer>
/// A part of a request that can be sent between tasks.
typealias RequestPart = HTTPPart<HTTPRequestHead, ByteBuffer>

/// Turns parts of answers that can be sent between tasks into those that NIO's encoder wants.
final class ResponsePartHandler: ChannelOutboundHandler {
    typealias OutboundIn = ResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let buffer): .body(.byteBuffer(buffer))
            case .end(let trailers): .end(trailers)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}

/// The same for requests.
final class RequestPartHandler: ChannelOutboundHandler {
    typealias OutboundIn = RequestPart
    typealias OutboundOut = HTTPClientRequestPart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPClientRequestPart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let buffer): .body(.byteBuffer(buffer))
            case .end(let trailers): .end(trailers)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}
