// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Synchronization

/// A proxy that clients take for the registry behind it, and that misbehaves when it is told to.
///
///     try await FaultProxy.with(inFrontOf: registry.host) { proxy in
///         proxy.add(Fault(.status(503), method: "PUT", path: "/manifests/"))
///         …push to proxy.host…
///     }
public final class FaultProxy: Sendable {
    /// `127.0.0.1:port`, as references name the registry.
    public let host: String
    /// The registry.
    public let origin: String

    private let tokenService: String?
    private let traffic = Mutex(Traffic())

    private init(host: String, origin: String, tokenService: String?) {
        self.host = host
        self.origin = origin
        self.tokenService = tokenService
    }

    /// Runs a proxy as long as `body` runs.
    ///
    /// - Parameters:
    ///   - origin: the registry's `127.0.0.1:port`.
    ///   - tokenService: the host of the service whose `/token` the registry sends its clients to; they get there through the
    ///     proxy too.
    ///   - port: where the proxy listens; 0 for any free port.
    public static func with<Result: Sendable>(
        inFrontOf origin: String, tokenService: String? = nil, port: Int = 0,
        _ body: (FaultProxy) async throws -> Result
    ) async throws -> Result {
        let server = try await LoopbackServer.http(port: port)
        let proxy = FaultProxy(host: server.host, origin: origin, tokenService: tokenService)
        return try await server.with(serve: { await TestConnection(proxy).serve($0) }) { try await body(proxy) }
    }

    /// The requests so far, in the order of their heads.
    public var requests: [SeenRequest] { traffic.withLock { $0.requests } }

    /// Makes the proxy misbehave with the next requests that the fault is for.
    public func add(_ fault: Fault) { traffic.withLock { $0.faults.append(fault) } }

    /// How often faults have happened.
    public var faultCount: Int { traffic.withLock { $0.faults.reduce(0) { $0 + $1.count } } }
}

extension FaultProxy: TestService {
    func begin(_ request: TestRequest) -> (index: Int, Fault.Action?) { traffic.withLock { $0.begin(request) } }

    func note(bodySize: Int, of index: Int) { traffic.withLock { $0.requests[safely: index]?.bodySize = bodySize } }

    func keep(part request: TestRequest) async { try? await TestClient.abandon(request, at: origin) }

    func respond(to request: TestRequest) async throws -> TestResponse {
        let isForTokens = request.path == "/token"
        var response = try await TestClient.send(request, to: isForTokens ? tokenService ?? origin : origin)
        for name in Array(response.headers.keys) {
            switch name.lowercased() {
            // The length is that of the body, unless there is none by the method.
            case "content-length" where request.method != "HEAD", "transfer-encoding", "connection":
                response.headers[name] = nil
            case "www-authenticate":
                guard let tokenService else { continue }
                response.headers[name] = response.headers[name]?.replacing(tokenService, with: host)
            default: continue
            }
        }
        return response
    }
}
