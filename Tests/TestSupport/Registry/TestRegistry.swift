// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import Synchronization

/// A registry inside the test process, on a free loopback port, that can be told to misbehave.
///
/// It keeps everything in memory, notes every request, and does what ``add(_:)`` says:
///
///     try await TestRegistry.with { registry in
///         registry.add(Fault(.status(503), method: "PUT", path: "/blobs/uploads/"))
///         …
///         #expect(registry.requests.contains { $0.method == "PUT" })
///     }
public final class TestRegistry: Sendable {
    /// `127.0.0.1:port`, as references name it.
    public let host: String

    private let state: Mutex<TestRegistryState>
    private let traffic = Mutex(Traffic())

    private init(host: String, isSecure: Bool, authentication: Authentication) {
        self.host = host
        let base = "\(isSecure ? "https" : "http")://\(host)"
        state = Mutex(TestRegistryState(base: base, authentication: authentication))
    }

    /// How the registry recognises users.
    public enum Authentication: Sendable {
        /// Not at all.
        case none
        /// By user name and password.
        case basic(username: String, password: String)
        /// By tokens of its own service at `/token`, which gives them to this user, or to everybody when there is
        /// none, for so many seconds. The identity token `identity` is as good as the password.
        case bearer(username: String?, password: String?, lifetime: Int = 300)
        /// As the token service of another registry, which believes what this signs.
        case tokens(TokenIssuer)
    }

    /// What some registries can do, and others cannot.
    public enum Ability: Hashable, Sendable {
        /// To keep what has arrived of an upload that broke, and to say how much that is.
        case resumingUploads
        /// To list what refers to a manifest.
        case referrers
        /// To remove manifests.
        case deletion
    }

    /// A request that came.
    public typealias Request = SeenRequest

    /// Runs a registry as long as `body` runs.
    public static func with<Result: Sendable>(
        authentication: Authentication = .none, certificate: TestCertificate? = nil,
        _ body: (TestRegistry) async throws -> Result
    ) async throws -> Result {
        let server = try await LoopbackServer.http(certificate: certificate)
        let registry = TestRegistry(
            host: server.host, isSecure: certificate != nil, authentication: authentication)
        return try await server.with(serve: { await TestConnection(registry).serve($0) }) { try await body(registry) }
    }

    /// The requests so far, in the order of their heads.
    public var requests: [Request] { traffic.withLock { $0.requests } }

    /// Forgets the requests so far.
    public func clearRequests() { traffic.withLock { $0.requests = [] } }

    /// How many bytes of answers have been taken by the network so far.
    public var bytesSent: Int { traffic.withLock { $0.bytesSent } }

    /// Makes the registry misbehave with the next requests that the fault is for.
    public func add(_ fault: Fault) { traffic.withLock { $0.faults.append(fault) } }

    /// Whether all faults have happened as often as they should.
    public var allFaultsHappened: Bool { traffic.withLock { $0.faults.allSatisfy { $0.times <= 0 } } }

    /// Makes the registry unable to do something.
    public func lack(_ ability: Ability) { state.withLock { _ = $0.missing.insert(ability) } }

    /// Makes all tokens that were given out invalid.
    public func expireTokens() { state.withLock { $0.tokens = [:] } }

    /// Puts a blob into a repository.
    @discardableResult
    public func putBlob(_ bytes: [UInt8], in repository: String, mediaType: MediaType = .ociLayer) -> Descriptor {
        let digest = Digest.sha256(of: bytes)
        state.withLock { $0.put(blob: bytes, digest: digest.description, in: repository) }
        return Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count))
    }

    /// Puts a manifest into a repository, under its digest and a tag.
    @discardableResult
    public func putManifest(
        _ bytes: [UInt8], mediaType: MediaType, in repository: String, tag: String
    ) -> Descriptor {
        let digest = Digest.sha256(of: bytes)
        state.withLock {
            $0.put(manifest: bytes, type: mediaType.rawValue, in: repository, names: [tag, digest.description])
        }
        return Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count))
    }

    /// The bytes of a manifest by tag or digest, or nil when there is none.
    public func manifest(_ name: String, in repository: String) -> [UInt8]? {
        state.withLock { $0.repositories[repository]?.manifests[name]?.bytes }
    }

    /// The bytes of a blob, or nil when the repository has no such blob.
    public func blob(_ digest: Digest, in repository: String) -> [UInt8]? {
        state.withLock { state in
            guard state.repositories[repository]?.blobs.contains(digest.description) == true else { return nil }
            return state.blobs[digest.description]
        }
    }
}

extension TestRegistry: TestService {
    func begin(_ request: TestRequest) -> (index: Int, Fault.Action?) { traffic.withLock { $0.begin(request) } }

    func note(bodySize: Int, of index: Int) { traffic.withLock { $0.requests[safely: index]?.bodySize = bodySize } }

    func keep(part request: TestRequest) { state.withLock { $0.keepPart(request) } }

    func respond(to request: TestRequest) -> TestResponse { state.withLock { $0.respond(request) } }

    func note(sent count: Int) { traffic.withLock { $0.bytesSent += count } }
}

extension Array {
    subscript(safely index: Int) -> Element? {
        get { indices.contains(index) ? self[index] : nil }
        set { if let newValue, indices.contains(index) { self[index] = newValue } }
    }
}
