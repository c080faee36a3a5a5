// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import NIOCore
import NIOHTTP1
import NIOPosix

/// Hands single requests on to servers of this machine.
enum TestClient {
    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, RequestPart>

    /// A server that ended the connection before it had answered.
    private struct NoAnswer: Error {}

    /// Sends a request and reads the whole answer.
    static func send(_ request: TestRequest, to host: String) async throws -> TestResponse {
        let connection = try await connect(to: host)
        let channel = connection.channel
        return try await connection.executeThenClose { inbound, _ in
            // A server that has seen enough answers early, and then takes no more.
            try? await write(request, to: channel)
            try? await channel.writeAndFlush(RequestPart.end(nil))
            var response: TestResponse?
            for try await part in inbound {
                switch part {
                case .head(let head):
                    var headers: [String: String] = [:]
                    for (name, value) in head.headers { headers[name] = value }
                    response = TestResponse(Int(head.status.code), headers)
                case .body(let buffer): response?.body += buffer.readableBytesView
                case .end:
                    guard let response else { throw NoAnswer() }
                    return response
                }
            }
            throw NoAnswer()
        }
    }

    /// Sends what has come of a request, whose head promises more, and hangs up.
    static func abandon(_ request: TestRequest, at host: String) async throws {
        let connection = try await connect(to: host)
        try await connection.executeThenClose { _, _ in try await write(request, to: connection.channel) }
    }

    private static func write(_ request: TestRequest, to channel: any Channel) async throws {
        var head = HTTPRequestHead(version: .http1_1, method: .init(rawValue: request.method), uri: request.target)
        head.headers = request.headers
        head.headers.replaceOrAdd(name: "Connection", value: "close")
        try await channel.writeAndFlush(RequestPart.head(head))
        if !request.body.isEmpty {
            try await channel.writeAndFlush(RequestPart.body(ByteBuffer(bytes: request.body)))
        }
    }

    private static func connect(to host: String) async throws -> Connection {
        let port = host.split(separator: ":").last.flatMap { Int($0) } ?? 0
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(RequestPartHandler())
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
    }
}
