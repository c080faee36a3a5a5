// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import NIOCore
import NIOPosix
import Synchronization

/// A proxy on a free loopback port that can break connections: one that clients know of (CONNECT), or one that they take for
/// the server behind it.
public final class TestProxy: Sendable {
    /// `127.0.0.1:port`.
    public let host: String

    private let mode: Mode
    private let state = Mutex(State())

    /// How clients use it.
    public enum Mode: Sendable {
        /// As the server with this address, `127.0.0.1:port`.
        case inFront(of: String)
        /// By CONNECT, with this user name and password when there are some; all names are this machine.
        case connect(user: String?)
    }

    private struct State {
        var requests: [String] = []
        var cut: Int?
    }

    private init(host: String, mode: Mode) {
        self.host = host
        self.mode = mode
    }

    /// What was asked of it: the first lines of the CONNECT requests.
    public var requests: [String] { state.withLock { $0.requests } }

    /// Breaks the next connection over which a client sends so many bytes, once.
    public func cut(afterBytes count: Int) { state.withLock { $0.cut = count } }

    /// Whether a break that was asked for has happened.
    public var hasCut: Bool { state.withLock { $0.cut == nil } }

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private struct Hangup: Error {}

    /// Runs a proxy as long as `body` runs.
    public static func with<Result: Sendable>(
        _ mode: Mode, _ body: (TestProxy) async throws -> Result
    ) async throws -> Result {
        let server = try await LoopbackServer.bytes()
        let proxy = TestProxy(host: server.host, mode: mode)
        return try await server.with(serve: { await proxy.serve($0) }) { try await body(proxy) }
    }

    private func serve(_ client: Connection) async {
        try? await client.executeThenClose { inbound, outbound in
            var iterator = inbound.makeAsyncIterator()
            var port = 0
            switch mode {
            case .inFront(let server): port = Self.port(server)
            case .connect(let user):
                guard let asked = try await ask(&iterator, outbound, user: user) else { return }
                port = asked
            }
            let server = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port) { channel in
                    channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
                }
            try await server.executeThenClose { answers, requests in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for try await buffer in answers { try await outbound.write(buffer) }
                        throw Hangup()
                    }
                    var count = 0
                    while let buffer = try await iterator.next() {
                        count += buffer.readableBytes
                        try await requests.write(buffer)
                        if isCut(at: count) { throw Hangup() }
                    }
                    group.cancelAll()
                }
            }
        }
    }

    private func isCut(at count: Int) -> Bool {
        state.withLock { state in
            guard let limit = state.cut, count >= limit else { return false }
            state.cut = nil
            return true
        }
    }

    /// Reads a CONNECT request and answers it; nil when it is refused.
    private func ask(
        _ iterator: inout NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, user: String?
    ) async throws -> Int? {
        var text = ""
        while !text.contains("\r\n\r\n"), let buffer = try await iterator.next() { text += String(buffer: buffer) }
        let lines = text.split(separator: "\r\n")
        let line = lines.first.map(String.init) ?? ""
        state.withLock { $0.requests.append(line) }
        let wanted = user.map { "proxy-authorization: basic " + Data($0.utf8).base64EncodedString().lowercased() }
        if let wanted, !lines.contains(where: { $0.lowercased() == wanted }) {
            try await outbound.write(
                ByteBuffer(string: "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"))
            return nil
        }
        let words = line.split(separator: " ")
        guard words.first == "CONNECT", words.count > 1 else { return nil }
        try await outbound.write(ByteBuffer(string: "HTTP/1.1 200 Connected\r\n\r\n"))
        return Self.port(String(words[1]))
    }

    private static func port(_ authority: String) -> Int {
        authority.split(separator: ":").last.flatMap { Int($0) } ?? 0
    }
}
