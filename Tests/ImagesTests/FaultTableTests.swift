// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI
import Registry
import Store
import SystemPackage
import TestSupport
import Testing

/// Each fault at each step of a push and a pull, between a copy and a real registry with a token service: it ends in the
/// right image under the name, or in a clear error with the name unmoved.
@Suite(
    "Faults at each step of a copy", .tokenRegistry, .serialized,
    .requiresProgram("docker-registry", "openssl"))
struct FaultTableTests {
    /// A request of a push or a pull.
    struct Step: Sendable, CustomTestStringConvertible {
        var name: String
        var method: String
        var path: String
        var testDescription: String { name }
    }

    /// A way to misbehave, and whether a copy must succeed when it happens once.
    struct Mishap: Sendable, CustomTestStringConvertible {
        var action: Fault.Action
        var passes: Bool
        var testDescription: String { "\(action)" }

        /// How often it happens: what passes once; what does not, and three that stand for the others, for good.
        var times: [Int] {
            guard passes else { return [.max] }
            return switch action {
            case .status(503, _, _), .dropRequest(0), .dropAnswer: [1, .max]
            default: [1]
            }
        }

        static func passing(_ action: Fault.Action) -> Mishap { Mishap(action: action, passes: true) }
        static func deadly(_ action: Fault.Action) -> Mishap { Mishap(action: action, passes: false) }
    }

    static let pushSteps = [
        Step(name: "first contact", method: "GET", path: "/v2/"), Step(name: "token", method: "GET", path: "/token"),
        Step(name: "what the tag is", method: "HEAD", path: "/manifests/1"),
        Step(name: "is the blob there", method: "HEAD", path: "/blobs/"),
        Step(name: "begin the upload", method: "POST", path: "/blobs/uploads/"),
        Step(name: "a piece", method: "PATCH", path: "/blobs/uploads/"),
        Step(name: "the blob, or its rest", method: "PUT", path: "/blobs/uploads/"),
        Step(name: "a platform's manifest", method: "PUT", path: "/manifests/sha256:"),
        Step(name: "the tag", method: "PUT", path: "/manifests/1"),
    ]
    static let pullSteps = [
        Step(name: "first contact", method: "GET", path: "/v2/"), Step(name: "token", method: "GET", path: "/token"),
        Step(name: "index", method: "GET", path: "/manifests/1"),
        Step(name: "manifest", method: "GET", path: "/manifests/sha256:"),
        Step(name: "config", method: "GET", path: "/blobs/\(sample?.configs[1].descriptor.digest.description ?? "")"),
        Step(name: "layer", method: "GET", path: "/blobs/\(sample?.layer.descriptor.digest.description ?? "")"),
    ]
    static let mishaps: [Mishap] = [
        .passing(.status(408)), .passing(.status(429, headers: ["Retry-After": "0"])), .passing(.status(500)),
        .passing(.status(502)), .passing(.status(503, headers: ["Content-Type": "text/html"], body: "<html>busy")),
        .passing(.dropRequest(afterBytes: 0)), .passing(.dropRequest(afterBytes: 60_000)), .passing(.dropAnswer),
        .passing(.dropBody(afterBytes: 40)), .passing(.unauthorized), .passing(.trickle(bytes: 5_000)),
        .deadly(.status(403)), .deadly(.status(400)), .deadly(.wrongByte), .deadly(.wrongRequestByte),
        .deadly(.length(by: -1)), .deadly(.garbage),
    ]
    /// The image that is copied, and what the name stood for before.
    static let sample = try? SampleImage()
    static let earlier = try? SampleImage("earlier", layerSize: 10)

    @Test("a push is done, or leaves the tag", arguments: pushSteps, mishaps)
    func push(step: Step, mishap: Mishap) async throws {
        let sample = try #require(Self.sample)
        let earlier = try #require(Self.earlier)
        for times in mishap.times {
            try await withProxy(pieces: step.method == "PATCH" ? 50_000 : nil) { proxy, client, direct in
                let name = try Self.repository(step, mishap, times)
                try await earlier.push(with: direct, to: name)
                try await withFolder { folder in
                    proxy.add(Fault(mishap.action, method: step.method, path: step.path, times: times))
                    let target = RegistryImage(name.at(proxy.host), client: client)
                    let copy = ImageCopy(
                        from: try await sample.layout(in: folder.appending("layout")), to: [target],
                        store: try Store(at: folder.appending("store")))
                    let result = try await copy.run()[0]
                    try judge(result.map { _ in }, mishap, times, proxy)
                    let there = RegistryImage(name, client: direct)
                    if case .success = result {
                        #expect(try await sample.problem(of: there) == nil)
                    } else {
                        #expect(try await earlier.problem(of: there) == nil)
                    }
                }
            }
        }
    }

    @Test("a pull is done, or leaves the layout's name", arguments: pullSteps, mishaps)
    func pull(step: Step, mishap: Mishap) async throws {
        let sample = try #require(Self.sample)
        let earlier = try #require(Self.earlier)
        let name = try Reference("\(TokenRegistry.current.host)/pulled:1")
        for times in mishap.times {
            try await withProxy { proxy, client, direct in
                if try await RegistryImage(name, client: direct).current() == nil {
                    try await sample.push(with: direct, to: name)
                }
                try await withFolder { folder in
                    let layout = FilePath("\(folder)/layout")
                    let store = try Store(at: folder.appending("store"))
                    let before = try await earlier.layout(in: folder.appending("earlier"))
                    try await ImageCopy(from: before, to: [LayoutWriter(path: layout, tag: "1")], store: store).run()
                        .forEach { _ = try $0.get() }
                    proxy.add(Fault(mishap.action, method: step.method, path: step.path, times: times))
                    let copy = ImageCopy(
                        from: RegistryImage(name.at(proxy.host), client: client),
                        to: [LayoutWriter(path: layout, tag: "1")], store: store)
                    let result: Result<Void, any Error>
                    do { result = try await copy.run()[0].map { _ in } } catch { result = .failure(error) }
                    try judge(result, mishap, times, proxy)
                    let there = OCILayout(path: layout, selector: .tag("1"))
                    if case .success = result {
                        #expect(try await sample.problem(of: there) == nil)
                    } else {
                        #expect(try await earlier.problem(of: there) == nil)
                    }
                }
            }
        }
    }

    @Test("a mount that goes wrong is got over, or leaves the tag", arguments: mishaps)
    func mount(mishap: Mishap) async throws {
        let sample = try #require(Self.sample)
        let earlier = try #require(Self.earlier)
        let step = Step(name: "mount", method: "POST", path: "mount=")
        let origin = try Reference("\(TokenRegistry.current.host)/origin:1")
        for times in mishap.times {
            try await withProxy { proxy, client, direct in
                try await sample.push(with: direct, to: origin)
                let name = try Self.repository(step, mishap, times)
                try await earlier.push(with: direct, to: name)
                proxy.add(Fault(mishap.action, method: step.method, path: step.path, times: times))
                let result = try await withFolder { folder in
                    try await ImageCopy(
                        from: RegistryImage(origin.at(proxy.host), client: client),
                        to: [RegistryImage(name.at(proxy.host), client: client)],
                        store: try Store(at: folder.appending("store"))
                    ).run()[0].map { _ in }
                }
                try judge(result, mishap, times, proxy)
                let image = if case .success = result { sample } else { earlier }
                #expect(try await image.problem(of: RegistryImage(name, client: direct)) == nil)
            }
        }
    }

    /// Whether a copy ended as it may.
    private func judge(
        _ result: Result<Void, any Error>, _ mishap: Mishap, _ times: Int, _ proxy: FaultProxy
    ) throws {
        #expect(proxy.faultCount > 0)
        guard case .failure(let failure) = result else { return }
        #expect(times == .max || !mishap.passes, "\(failure)")
        let error = try #require(failure as? RegistryError, "\(failure)")
        #expect("\(error)".hasPrefix("cannot ") && "\(error)".contains(proxy.host), "\(error)")
        #expect(error.remedy != nil || error.kind == .refused, "\(error)")
        #expect(!"\(error)".contains("fish") && !"\(error)".contains("Bearer"))
        switch mishap.action {
        case .status(403, _, _), .status(400, _, _): #expect(error.attempts == 1)
        default: break
        }
    }

    /// Runs `body` with a proxy in front of the suite's registry, a client that is somebody there, and one that is so without
    /// the proxy.
    private func withProxy(
        pieces: Int64? = nil, _ body: (FaultProxy, RegistryClient, RegistryClient) async throws -> Void
    ) async throws {
        let registry = try TokenRegistry.current
        try await FaultProxy.with(inFrontOf: registry.host, tokenService: registry.service) { proxy in
            let known = FixedCredentials([proxy.host: TokenRegistry.user, registry.host: TokenRegistry.user])
            try await withClient(known, configuration: { $0.uploadChunkSize = pieces }) { client in
                try await withClient(known) { direct in try await body(proxy, client, direct) }
            }
        }
    }

    /// A repository for one case alone.
    private static func repository(_ step: Step, _ mishap: Mishap, _ times: Int) throws -> Reference {
        let key = Digest.sha256(of: "\(step.name) \(mishap.action) \(times)").encoded.prefix(16)
        return try Reference("\(TokenRegistry.current.host)/case/\(key):1")
    }
}

extension Reference {
    /// The same name in another registry.
    func at(_ registry: String) -> Reference {
        Reference(registry: registry, repository: repository, tag: tag, digest: digest)
    }
}
