// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import OCI
import Registry
import TestSupport
import Testing

/// Debian's docker-registry behind a proxy that makes of it one of the registries that cannot do everything.
@Suite("Registries that lack something", .requiresProgram("docker-registry"))
struct VariantTests {
    /// What such a registry is like.
    struct Variant: Sendable, CustomTestStringConvertible {
        var name: String
        var faults: [Fault]
        var features: [DebianRegistry.Feature] = []
        var testDescription: String { name }
    }

    static let variants = [
        Variant(name: "nothing is missing", faults: []),
        Variant(name: "no HEAD", faults: [Fault(.status(405), method: "HEAD", times: .max)]),
        Variant(name: "HEAD not implemented", faults: [Fault(.status(501), method: "HEAD", times: .max)]),
        Variant(name: "no mounts", faults: [Fault(.status(405), method: "POST", path: "mount=", times: .max)]),
        Variant(name: "no digests", faults: [Fault(.without(header: "Docker-Content-Digest"), times: .max)]),
        Variant(
            name: "nothing is told of uploads",
            faults: [
                Fault(.status(404), method: "GET", path: "/blobs/uploads/", times: .max),
                Fault(.without(header: "Range"), method: "PATCH", times: .max),
            ]),
        Variant(
            name: "uploads have no length",
            faults: [Fault(.without(header: "Range"), method: "GET", path: "/blobs/uploads/", times: .max)]),
        Variant(name: "relative addresses", faults: [], features: [.relativeAddresses]),
        Variant(
            name: "no API version", faults: [Fault(.without(header: "Docker-Distribution-Api-Version"), times: .max)]),
    ]

    @Test(
        "an image goes there and back, also in pieces and over a break", arguments: variants, [nil, 70_000] as [Int64?])
    func roundTrip(variant: Variant, piece: Int64?) async throws {
        try await DebianRegistry.with(features: variant.features) { registry in
            try await FaultProxy.with(inFrontOf: registry.host) { proxy in
                for fault in variant.faults { proxy.add(fault) }
                proxy.add(
                    Fault(
                        .dropRequest(afterBytes: 50_000), method: piece == nil ? "PUT" : "PATCH",
                        path: "/blobs/uploads/"))
                var configuration = RegistryConfiguration()
                configuration.uploadChunkSize = piece
                try await withClient(configuration: configuration) { client in
                    let image = try await Image.push(with: client, to: proxy.host)
                    try await image.expectPull(with: client, from: proxy.host)
                    let other = try Reference("\(proxy.host)/other")
                    let outcome = try await client.pushBlob(
                        image.layer, from: .bytes(image.layerBytes), to: other, mountFrom: ["app"])
                    #expect(outcome == (variant.name == "no mounts" ? .uploaded : .mounted))
                    #expect(try await client.pullBlob(image.layer, from: other) == image.layerBytes)
                }
                // Without the proxy's help, too.
                try await withClient { client in try await Image().expectPull(with: client, from: registry.host) }
                #expect(proxy.faultCount > 0)
            }
        }
    }
}

/// What goes wrong between requests, with the real registry.
@Suite("Interruptions", .requiresProgram("docker-registry", "openssl"))
struct InterruptionTests {
    @Test("a registry that is gone for a moment in the middle of a push is waited for") func restart() async throws {
        try await DebianRegistry.with { registry in
            var configuration = RegistryConfiguration()
            configuration.firstRetryDelay = .milliseconds(100)
            try await withClient(keeping: configuration) { client in
                let (host, first) = try await FaultProxy.with(inFrontOf: registry.host) { proxy in
                    (proxy.host, try await client.pushConfig([1], to: "\(proxy.host)/app"))
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await Task.sleep(for: .milliseconds(150))
                        let port = host.split(separator: ":").last.flatMap { Int($0) } ?? 0
                        try await FaultProxy.with(inFrontOf: registry.host, port: port) { _ in
                            try await Task.sleep(for: .seconds(60))
                        }
                    }
                    let image = try await Image.push(with: client, to: host)
                    #expect(try await client.blobExists(first, in: Reference("\(host)/app")))
                    try await image.expectPull(with: client, from: host)
                    group.cancelAll()
                }
            }
        }
    }

    @Test("tokens that end long before they should are replaced in the middle of an upload") func shortTokens()
        async throws
    {
        try await TokenRegistry.with(lifetime: 2, promise: 300) { registry in
            try await FaultProxy.with(inFrontOf: registry.host, tokenService: registry.service) { proxy in
                proxy.add(Fault(.delay(.milliseconds(3200)), method: "PATCH"))
                var configuration = RegistryConfiguration()
                configuration.uploadChunkSize = 400_000
                let pattern = Pattern(size: 1_000_000)
                let jane = FixedCredentials([proxy.host: TokenRegistry.user])
                try await withClient(credentials: jane, configuration: configuration) { client in
                    let name = try Reference("\(proxy.host)/app")
                    #expect(try await client.pushBlob(pattern.descriptor, from: pattern.source, to: name) == .uploaded)
                    #expect(try await client.blobExists(pattern.descriptor, in: name))
                }
                let uploads = proxy.requests.filter { $0.target.contains("/blobs/uploads/") }
                let sessions = Set(uploads.filter { $0.method != "POST" }.map { $0.target.prefix { $0 != "?" } })
                #expect(sessions.count == 1, "the upload went on")
                let shown = Set(uploads.compactMap { $0.headers["authorization"] })
                #expect(shown.count > 1, "an old token and a new one")
            }
        }
    }

    @Test(
        "credentials stay where they belong when the registry sends a request on to another host",
        arguments: [
            ("HEAD", "/manifests/"), ("GET", "/manifests/"), ("GET", "/blobs/"), ("HEAD", "/blobs/"),
            ("POST", "/blobs/uploads/"), ("PUT", "/blobs/uploads/"), ("PUT", "/manifests/"),
        ], [true, false])
    func redirect(step: (method: String, path: String), isOpen: Bool) async throws {
        // A stranger that wants a login, and would like to be told it at an address of its own.
        let wanting = TestRegistry.Authentication.bearer(username: "jane", password: "fish")
        try await TestRegistry.with(authentication: isOpen ? .none : wanting) { stranger in
            let image = try Image.put(into: stranger)
            try await TokenRegistry.with { registry in
                try await FaultProxy.with(inFrontOf: registry.host, tokenService: registry.service) { proxy in
                    let known = FixedCredentials([
                        proxy.host: TokenRegistry.user, registry.host: TokenRegistry.user,
                    ])
                    let isRead = step.method == "GET" || step == ("HEAD", "/manifests/")
                    try await withClient(credentials: known) { client in
                        if isRead { try await Image.push(with: client, to: registry.host) }
                        proxy.add(
                            Fault(.redirect(to: stranger.host), method: step.method, path: step.path, times: .max))
                        do {
                            if isRead {
                                try await image.expectPull(with: client, from: proxy.host)
                            } else {
                                try await Image.push(with: client, to: proxy.host)
                            }
                            #expect(isOpen)
                        } catch let error as RegistryError {
                            #expect(!isOpen || !isRead, "\(error)")
                            #expect("\(error)".contains(proxy.host))
                            #expect(isOpen || "\(error)".contains("sent the request on"), "\(error)")
                        }
                        #expect(proxy.faultCount > 0)
                    }
                }
            }
            #expect(!stranger.requests.isEmpty)
            #expect(stranger.requests.allSatisfy { $0.headers["authorization"] == nil })
            #expect(!stranger.requests.contains { $0.target.hasPrefix("/token") })
        }
    }
}
