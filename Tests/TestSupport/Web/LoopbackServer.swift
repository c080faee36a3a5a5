// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// A listener on a free loopback port: what lies below every server and proxy inside the test process.
struct LoopbackServer<Inbound: Sendable, Outbound: Sendable>: Sendable {
    typealias Connection = NIOAsyncChannel<Inbound, Outbound>

    /// `127.0.0.1:port`
    let host: String
    private let listener: NIOAsyncChannel<Connection, Never>

    /// Listens.
    ///
    /// - Parameters:
    ///   - port: where; 0 for any free port.
    ///   - setUp: makes a connection of each channel.
    static func listen(
        port: Int = 0, _ setUp: @escaping @Sendable (any Channel) throws -> Connection
    ) async throws -> LoopbackServer {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try setUp(channel) }
            }
        return LoopbackServer(host: "127.0.0.1:\(listener.channel.localAddress?.port ?? 0)", listener: listener)
    }

    /// Serves connections as long as `body` runs.
    func with<Result: Sendable>(
        serve: @escaping @Sendable (Connection) async -> Void, _ body: () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingDiscardingTaskGroup { connections in
                    try await listener.executeThenClose { clients in
                        for try await client in clients {
                            connections.addTask { await serve(client) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body()
        }
    }
}

extension LoopbackServer where Inbound == HTTPServerRequestPart, Outbound == ResponsePart {
    /// Listens for HTTP, or for HTTPS when there is a certificate.
    static func http(port: Int = 0, certificate: TestCertificate? = nil) async throws -> LoopbackServer {
        let context = try certificate.map { certificate in
            try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: NIOSSLCertificate.fromPEMFile(certificate.certificate.string).map {
                        .certificate($0)
                    },
                    privateKey: .privateKey(NIOSSLPrivateKey(file: certificate.key.string, format: .pem))))
        }
        return try await listen(port: port) { channel in
            let pipeline = channel.pipeline.syncOperations
            if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
            try pipeline.configureHTTPServerPipeline()
            try pipeline.addHandler(ResponsePartHandler())
            return try Connection(wrappingChannelSynchronously: channel)
        }
    }
}

extension LoopbackServer where Inbound == ByteBuffer, Outbound == ByteBuffer {
    /// Listens for bytes.
    static func bytes() async throws -> LoopbackServer {
        try await listen { try Connection(wrappingChannelSynchronously: $0) }
    }
}
