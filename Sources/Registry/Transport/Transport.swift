// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import SystemPackage

/// Sends single requests. The HTTP client and its threads come into being with the first.
final class Transport: Sendable {
    let configuration: RegistryConfiguration
    let policy: HostPolicy
    let logger: Logger

    private struct Machinery: Sendable {
        var threads: MultiThreadedEventLoopGroup
        var client: HTTPClient
        var unverified: TLSConfiguration
    }

    private let machinery = Mutex<Machinery?>(nil)

    init(configuration: RegistryConfiguration, logger: Logger) {
        self.configuration = configuration
        self.policy = HostPolicy(insecureRegistries: configuration.insecureRegistries)
        self.logger = logger
    }

    /// Sends a request and waits for the head of the answer. Redirects are not followed.
    ///
    /// - Throws: A ``NetworkFailure``, `CancellationError`, or what reading the body's source threw.
    func send(
        _ method: HTTPMethod, to address: WebAddress, headers: HTTPHeaders = [:], body: HTTPClientRequest.Body? = nil
    ) async throws -> HTTPClientResponse {
        let machinery = try start()
        var request = HTTPClientRequest(url: address.url)
        request.method = method
        request.headers = headers
        request.headers.replaceOrAdd(name: "User-Agent", value: configuration.userAgent)
        request.body = body
        if address.scheme == .https, policy.isInsecure(address.authority) {
            request.tlsConfiguration = machinery.unverified
        }
        do {
            let response = try await machinery.client.execute(request, deadline: .distantFuture)
            logger.debug(
                "registry request",
                metadata: [
                    "method": "\(method)", "host": "\(address.authority)", "path": "\(address.path)",
                    "status": "\(response.status.code)",
                ])
            return response
        } catch {
            logger.debug(
                "registry request failed",
                metadata: [
                    "method": "\(method)", "host": "\(address.authority)", "path": "\(address.path)",
                    "error": "\(error)",
                ])
            throw NetworkFailure.wrap(error)
        }
    }

    /// Ends the client's connections and threads, if there are any. Nothing can be sent afterwards.
    func shutdown() async throws {
        let running = machinery.withLock { machinery in
            let running = machinery
            machinery = nil
            return running
        }
        guard let running else { return }
        try await running.client.shutdown()
        try await running.threads.shutdownGracefully()
    }

    private func start() throws -> Machinery {
        try machinery.withLock { machinery in
            if let machinery { return machinery }
            let started = try make()
            machinery = started
            return started
        }
    }

    private func make() throws -> Machinery {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = configuration.certificateFile {
            tls.trustRoots = .certificates(try certificates(in: file))
        }
        tls.additionalTrustRoots = try configuration.additionalTrustRoots.map {
            .certificates(try certificates(in: $0))
        }
        var settings = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(
                connect: TimeAmount(configuration.connectTimeout), read: TimeAmount(configuration.idleTimeout),
                write: TimeAmount(configuration.idleTimeout)),
            // A server that ends TLS rudely is noticed by the length of its answer.
            ignoreUncleanSSLShutdown: false, decompression: .disabled)
        settings.httpVersion = .http1Only
        settings.dnsOverride = configuration.hostAddresses
        settings.connectionPool.retryConnectionEstablishment = false
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.transfersPerHost + 4
        var unverified = tls
        unverified.certificateVerification = .none
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        return Machinery(
            threads: threads, client: HTTPClient(eventLoopGroupProvider: .shared(threads), configuration: settings),
            unverified: unverified)
    }

    private func certificates(in file: FilePath) throws -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(SmallFile.read(file))
            guard !certificates.isEmpty else { throw Errno.invalidArgument }
            return certificates
        } catch {
            throw NetworkFailure(kind: .certificates, detail: "no PEM certificates can be read from \(file)")
        }
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue)
        self = self + .nanoseconds(attoseconds / 1_000_000_000)
    }
}
