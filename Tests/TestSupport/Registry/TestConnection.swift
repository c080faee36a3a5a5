// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import NIOCore
import NIOHTTP1
import Synchronization

typealias ResponsePart = HTTPPart<HTTPResponseHead, ByteBuffer>

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

/// One client's connection to a ``TestRegistry``.
struct TestConnection {
    let registry: TestRegistry

    /// Thrown to end the connection.
    private struct Hangup: Error {}

    /// Answers requests until one side has enough. However it ends, that is the client's problem, as in real life.
    func serve(_ channel: NIOAsyncChannel<HTTPServerRequestPart, ResponsePart>) async {
        try? await channel.executeThenClose { inbound, _ in
            var request = TestRequest()
            var fault: Fault.Action?
            var index = 0
            for try await part in inbound {
                switch part {
                case .head(let head):
                    request = TestRequest(head)
                    (index, fault) = registry.state.withLock { $0.begin(request) }
                    if case .dropRequest(0)? = fault { throw Hangup() }
                    if case .stopReading(let time)? = fault { try await Task.sleep(for: time) }
                case .body(let buffer):
                    request.body += buffer.readableBytesView
                    registry.state.withLock { $0.requests[safely: index]?.bodySize = request.body.count }
                    if case .dropRequest(let limit)? = fault, request.body.count >= limit {
                        registry.state.withLock { $0.keepPart(request) }
                        throw Hangup()
                    }
                case .end:
                    try await answer(request, fault: fault, to: channel.channel)
                }
            }
        }
    }

    private func answer(_ request: TestRequest, fault: Fault.Action?, to channel: any Channel) async throws {
        var response: TestResponse
        if case .status(let status, let headers, let body)? = fault {
            response = TestResponse(status, headers, Array(body.utf8))
        } else if case .repeatingSecrets(let status)? = fault {
            response = .repeating(request, status)
        } else if case .signedRedirect(let query)? = fault, !request.target.contains(query) {
            let mark = request.target.contains("?") ? "&" : "?"
            response = TestResponse(307, ["Location": "http://\(registry.host)\(request.target)\(mark)\(query)"])
        } else {
            response = registry.state.withLock { $0.respond(request) }
        }
        var limit = Int.max
        var isChunked = false
        switch fault {
        case .dropAnswer?, .dropRequest?: throw Hangup()
        case .dropBody(let bytes)?: limit = bytes
        case .wrongByte? where !response.body.isEmpty: response.body[0] ^= 1
        case .length(let difference)?: response.change(lengthBy: difference)
        case .chunked(let difference)?:
            response.change(lengthBy: difference)
            isChunked = true
        case .delay(let time)?: try await Task.sleep(for: time)
        case .without(let header)?:
            response.headers = response.headers.filter { $0.key.lowercased() != header.lowercased() }
        case .header(let name, let value)?: response.headers[name] = value
        case .garbage?:
            response.headers["X-Broken"] = "yes\r\nno colon here\u{1}\r\n\r\n"
        default: break
        }
        try await send(response, to: request, limit: limit, isChunked: isChunked, channel)
    }

    /// Each part is waited for until the network has taken it: the channel's own writer runs ahead of that, and
    /// ``TestRegistry/bytesSent`` would not be true.
    private func send(
        _ response: TestResponse, to request: TestRequest, limit: Int, isChunked: Bool, _ channel: any Channel
    ) async throws {
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: response.status))
        for (name, value) in response.headers { head.headers.add(name: name, value: value) }
        if !isChunked, !response.headers.keys.contains("Content-Length") {
            head.headers.add(name: "Content-Length", value: "\(response.body.count)")
        }
        try await channel.writeAndFlush(ResponsePart.head(head))
        var offset = 0
        let body = request.method == "HEAD" ? [] : response.body
        while offset < body.count {
            let piece = body[offset...].prefix(min(64 * 1024, limit - offset))
            if !piece.isEmpty { try await channel.writeAndFlush(ResponsePart.body(ByteBuffer(bytes: piece))) }
            offset += piece.count
            registry.state.withLock { $0.bytesSent += piece.count }
            if offset >= limit { throw Hangup() }
        }
        try await channel.writeAndFlush(ResponsePart.end(nil))
    }
}

extension TestResponse {
    /// An error that says what the client showed: its header, the password in there, and the address it came to.
    static func repeating(_ request: TestRequest, _ status: Int) -> TestResponse {
        let shown = request.headers.first(name: "Authorization") ?? "nothing"
        let parts = shown.split(separator: " ")
        let plain =
            parts.first == "Basic"
            ? parts.last.flatMap { Data(base64Encoded: String($0)) }.map { String(decoding: $0, as: UTF8.self) } : nil
        let words = "you sent Authorization: \(shown) (\(plain ?? "a token")) to http://host\(request.target)"
        let body = #"{"errors":[{"code":"DENIED","message":"\#(words)"}]}"#
        return TestResponse(status, ["Content-Type": "application/json"], Array(body.utf8))
    }
}

extension Array {
    subscript(safely index: Int) -> Element? {
        get { indices.contains(index) ? self[index] : nil }
        set { if let newValue, indices.contains(index) { self[index] = newValue } }
    }
}
