// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
public import SystemPackage

/// A daemon on a Unix socket that answers like Docker's or podman's and keeps the archive that it is given.
public final class TestDaemon: Sendable {
    /// Who the daemon says it is.
    public enum Kind: Sendable {
        case docker, dockerWithContainerd, podman
        /// Docker with an error for every image.
        case refusing
    }

    /// The socket.
    public let socket: FilePath
    private let kind: Kind
    private let state = Mutex<(requests: [String], archive: [UInt8])>(([], []))

    private init(socket: FilePath, kind: Kind) {
        self.socket = socket
        self.kind = kind
    }

    /// The requests so far, as "POST /images/load".
    public var requests: [String] { state.withLock { $0.requests } }
    /// What was sent last.
    public var archive: [UInt8] { state.withLock { $0.archive } }

    /// Runs a daemon as long as `body` runs.
    public static func with<Result: Sendable>(
        _ kind: Kind, at socket: FilePath, _ body: (TestDaemon) async throws -> Result
    ) async throws -> Result {
        let daemon = TestDaemon(socket: socket, kind: kind)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(unixDomainSocketPath: socket.string) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ResponsePartHandler())
                    return try NIOAsyncChannel<HTTPServerRequestPart, ResponsePart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        chmod(socket.string, 0o666)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingDiscardingTaskGroup { connections in
                    try await listener.executeThenClose { clients in
                        for try await client in clients {
                            connections.addTask { try? await daemon.serve(client) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(daemon)
        }
    }

    private func serve(_ channel: NIOAsyncChannel<HTTPServerRequestPart, ResponsePart>) async throws {
        try await channel.executeThenClose { inbound, outbound in
            var target = ""
            var body: [UInt8] = []
            for try await part in inbound {
                switch part {
                case .head(let head):
                    target = String(head.uri.prefix { $0 != "?" })
                    body = []
                    state.withLock { $0.requests.append("\(head.method) \(target)") }
                case .body(let buffer): body += buffer.readableBytesView
                case .end:
                    if target == "/images/load" { state.withLock { $0.archive = body } }
                    let answer = Array(answer(to: target).utf8)
                    var head = HTTPResponseHead(version: .http1_1, status: .ok)
                    head.headers.add(name: "Content-Length", value: "\(answer.count)")
                    if kind == .podman { head.headers.add(name: "Libpod-API-Version", value: "4.3.1") }
                    try await outbound.write(.head(head))
                    try await outbound.write(.body(ByteBuffer(bytes: answer)))
                    try await outbound.write(.end(nil))
                }
            }
        }
    }

    private func answer(to target: String) -> String {
        switch target {
        case "/_ping": "OK"
        case "/info":
            kind == .dockerWithContainerd
                ? #"{"DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#
                : #"{"DriverStatus":[["Backing Filesystem","extfs"]]}"#
        default:
            kind == .refusing
                ? #"{"errorDetail":{"message":"no room"},"error":"no room"}"# : #"{"stream":"Loaded image"}"# + "\n"
        }
    }
}
