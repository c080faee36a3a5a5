// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import NIOCore
import NIOHTTP1

/// What answers requests, and may be told to misbehave with them.
protocol TestService: Sendable {
    /// Notes a request; its number, and how to misbehave with it.
    func begin(_ request: TestRequest) -> (index: Int, Fault.Action?)
    /// Takes note that so much of a request's body has come.
    func note(bodySize: Int, of index: Int)
    /// Does with a part of a body what servers do when the connection ends there.
    func keep(part request: TestRequest) async
    /// Answers.
    func respond(to request: TestRequest) async throws -> TestResponse
    /// Takes note that so many bytes of answers have been taken by the network.
    func note(sent count: Int)
}

extension TestService {
    func note(bodySize: Int, of index: Int) {}
    func keep(part request: TestRequest) async {}
    func note(sent count: Int) {}
}

/// One client's connection to a server of the tests.
struct TestConnection<Service: TestService>: Sendable {
    let service: Service

    init(_ service: Service) { self.service = service }

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
                    (index, fault) = service.begin(request)
                    if case .dropRequest(0)? = fault { throw Hangup() }
                    if case .stopReading(let time)? = fault { try await Task.sleep(for: time) }
                case .body(let buffer):
                    request.body += buffer.readableBytesView
                    service.note(bodySize: request.body.count, of: index)
                    if case .dropRequest(let limit)? = fault, request.body.count >= limit {
                        await service.keep(part: request)
                        throw Hangup()
                    }
                case .end:
                    try await answer(request, fault: fault, to: channel.channel)
                }
            }
        }
    }

    private func answer(_ request: TestRequest, fault: Fault.Action?, to channel: any Channel) async throws {
        var request = request
        var response: TestResponse
        switch fault {
        case .status(let status, let headers, let body)?:
            response = TestResponse(status, headers, Array(body.utf8))
        case .redirect(let host)?:
            response = TestResponse(307, ["Location": "http://\(host)\(request.target)"])
        case .repeatingSecrets(let status)?:
            response = .repeating(request, status)
        case .signedRedirect(let query)? where !request.target.contains(query):
            let mark = request.target.contains("?") ? "&" : "?"
            let host = request.headers.first(name: "Host") ?? ""
            response = TestResponse(307, ["Location": "http://\(host)\(request.target)\(mark)\(query)"])
        default:
            if case .unauthorized? = fault { request.headers.remove(name: "Authorization") }
            if case .wrongRequestByte? = fault, !request.body.isEmpty { request.body[0] ^= 1 }
            response = try await service.respond(to: request)
        }
        var limit = Int.max
        var piece = 64 * 1024
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
        case .trickle(let bytes)?: piece = max(1, bytes)
        case .without(let header)?:
            response.headers = response.headers.filter { $0.key.lowercased() != header.lowercased() }
        case .header(let name, let value)?: response.headers[name] = value
        case .garbage?:
            response.headers["X-Broken"] = "yes\r\nno colon here\u{1}\r\n\r\n"
        default: break
        }
        try await send(response, to: request, limit: limit, piece: piece, isChunked: isChunked, channel)
    }

    /// Each part is waited for until the network has taken it: the channel's own writer runs ahead of that, and what is
    /// noted as sent would not be true.
    private func send(
        _ response: TestResponse, to request: TestRequest, limit: Int, piece: Int, isChunked: Bool,
        _ channel: any Channel
    ) async throws {
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: response.status))
        for (name, value) in response.headers { head.headers.add(name: name, value: value) }
        if !isChunked, response.status != 304, !response.headers.keys.contains("Content-Length") {
            head.headers.add(name: "Content-Length", value: "\(response.body.count)")
        }
        try await channel.writeAndFlush(ResponsePart.head(head))
        var offset = 0
        let body = request.method == "HEAD" ? [] : response.body
        while offset < body.count {
            let piece = body[offset...].prefix(min(piece, limit - offset))
            if !piece.isEmpty { try await channel.writeAndFlush(ResponsePart.body(ByteBuffer(bytes: piece))) }
            offset += piece.count
            service.note(sent: piece.count)
            if offset >= limit { throw Hangup() }
            if piece.count < 64 * 1024, offset < body.count { try await Task.sleep(for: .milliseconds(1)) }
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
