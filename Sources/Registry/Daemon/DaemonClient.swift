// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import FoundationEssentials
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
public import SystemPackage

/// Gives images to a daemon that has an image store of its own, by Docker's Engine API, which podman's service has too.
public struct DaemonClient: Sendable {
    public let endpoint: DaemonEndpoint

    public init(_ endpoint: DaemonEndpoint) { self.endpoint = endpoint }

    /// What a daemon says of itself.
    public struct Info: Hashable, Sendable {
        public enum Kind: String, Sendable { case docker = "Docker", podman }

        public var kind: Kind
        /// Whether images of several platforms can be kept under one name (Docker with containerd's image store).
        public var keepsIndexes: Bool
    }

    /// Asks the daemon who it is.
    ///
    /// - Throws: ``DaemonError`` when nobody answers.
    public func info() async throws -> Info {
        try await withClient { client in
            let ping = try await send("/_ping", with: client, timeout: .seconds(5))
            _ = try await body(of: ping)
            let kind: Info.Kind = ping.headers["Libpod-API-Version"].isEmpty ? .docker : .podman
            let answer = try await send("/info", with: client, timeout: .seconds(20))
            let details = try? JSONDecoder().decode(Details.self, from: Data(try await body(of: answer)))
            let isContainerd = details?.driverStatus?.contains(["driver-type", "io.containerd.snapshotter.v1"]) == true
            return Info(kind: kind, keepsIndexes: kind == .docker && isContainerd)
        }
    }

    private struct Details: Decodable {
        var driverStatus: [[String]]?

        enum CodingKeys: String, CodingKey { case driverStatus = "DriverStatus" }
    }

    /// Sends an archive as `docker save` makes it.
    ///
    /// - Throws: ``DaemonError``, `CancellationError`.
    public func load(
        _ archive: FilePath, size: Int64, progress: @escaping @Sendable (Int64) -> Void
    ) async throws {
        try await withClient { client in
            let threads = client.eventLoopGroup
            let pieces = try BlobSource.file(archive).stream(
                0..<max(0, size), pace: { await threads.catchUp() }, progress: progress)
            var request = HTTPClientRequest(url: "")
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/x-tar")
            request.body = .stream(pieces, length: .known(size))
            let answer = try await send("/images/load?quiet=1", with: client, request, timeout: nil)
            try check(try await body(of: answer))
        }
    }

    /// The answer is a line of JSON for each step; one of them may be an error, whatever the status was.
    private func check(_ answer: [UInt8]) throws {
        struct Line: Decodable { var error: String? }
        for line in answer.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            if let reason = (try? JSONDecoder().decode(Line.self, from: Data(line)))?.error {
                throw DaemonError.refused(endpoint, reason: reason)
            }
        }
    }

    private func send(
        _ target: String, with client: HTTPClient, _ request: HTTPClientRequest = HTTPClientRequest(url: ""),
        timeout: TimeAmount?
    ) async throws -> HTTPClientResponse {
        guard let url = endpoint.url(target) else {
            throw DaemonError.unreachable(endpoint, reason: "only unix:// and tcp:// addresses are understood")
        }
        var request = request
        request.url = url
        // A socket has no host name, and Go's server wants one.
        request.headers.replaceOrAdd(name: "Host", value: "docker")
        let response: HTTPClientResponse
        do {
            if let timeout {
                response = try await client.execute(request, timeout: timeout)
            } else {
                response = try await client.execute(request, deadline: .distantFuture)
            }
        } catch {
            throw explained(error)
        }
        guard response.status == .ok else {
            struct Message: Decodable { var message: String }
            let body = try await body(of: response)
            let message = (try? JSONDecoder().decode(Message.self, from: Data(body)))?.message
            throw DaemonError.refused(endpoint, reason: message ?? "status \(response.status.code)")
        }
        return response
    }

    private func body(of response: HTTPClientResponse) async throws -> [UInt8] {
        do {
            return Array(try await response.body.collect(upTo: 4 << 20).readableBytesView)
        } catch {
            throw explained(error)
        }
    }

    private func explained(_ error: any Error) -> any Error {
        let wrapped = NetworkFailure.wrap(error)
        guard let failure = wrapped as? NetworkFailure else { return wrapped }
        return DaemonError.unreachable(endpoint, reason: failure.detail ?? "no answer in time")
    }

    private func withClient<Result: Sendable>(
        _ body: (HTTPClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let client = HTTPClient(eventLoopGroupProvider: .shared(threads), configuration: configuration)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        try? await client.shutdown()
        try? await threads.shutdownGracefully()
        return try result.get()
    }
}

/// Why a daemon did not take an image.
public enum DaemonError: Error, Sendable, CustomStringConvertible {
    /// Nobody answers there.
    case unreachable(DaemonEndpoint, reason: String)
    /// The daemon answered that it will not.
    case refused(DaemonEndpoint, reason: String)

    public var description: String {
        switch self {
        case .unreachable(let endpoint, let reason): "\(endpoint.name): \(reason)"
        case .refused(let endpoint, let reason): "the daemon at \(endpoint.name) refuses: \(reason)"
        }
    }
}
