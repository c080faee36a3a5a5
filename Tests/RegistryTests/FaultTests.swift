// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import NIOCore
import OCI
import Registry
import Synchronization
import TestSupport
import Testing

/// Every fault at every step of a push and a pull ends in success or in a clear error, with the tag unmoved.
@Suite struct FaultTests {
    /// A request of a push or a pull.
    struct Step: Sendable, CustomTestStringConvertible {
        var method: String
        var path: String
        var testDescription: String { "\(method) …\(path)" }
    }

    static let pushSteps = [
        Step(method: "HEAD", path: "/blobs/sha256"), Step(method: "POST", path: "/blobs/uploads/"),
        Step(method: "PUT", path: "/blobs/uploads/"), Step(method: "PUT", path: "/manifests/"),
    ]
    static let pullSteps = [
        Step(method: "HEAD", path: "/manifests/"), Step(method: "GET", path: "/manifests/"),
        Step(method: "GET", path: "/blobs/sha256"),
    ]
    static let passing: [Fault.Action] =
        [408, 425, 429, 500, 502, 503, 504].map { .status($0) } + [.dropRequest(afterBytes: 0), .dropAnswer]
        + [.status(503, headers: ["Content-Type": "text/html"], body: "<html>overloaded</html>")]
    static let lasting: [(Fault.Action, RegistryError.Kind)] = [
        (.status(400), .refused), (.status(401), .unauthorized), (.status(403), .denied), (.status(413), .refused),
        (.status(418), .refused), (.status(500), .serverFailure), (.status(503), .serverFailure),
        (.status(429), .tooManyRequests), (.dropRequest(afterBytes: 0), .connectionLost),
        (.dropAnswer, .connectionLost), (.status(299), .malformedAnswer),
    ]

    @Test("a fault that passes does not hurt a push", arguments: pushSteps, passing)
    func passingFaultInPush(step: Step, action: Fault.Action) async throws {
        try await TestRegistry.with { registry in
            // What arrived without anybody's word is found to be there, and not sent twice.
            let times = step.method == "PUT" && action.isDroppedAnswer ? 1 : 2
            registry.add(Fault(action, method: step.method, path: step.path, times: times))
            try await withClient { client in
                let image = try await Image.push(with: client, to: registry.host)
                #expect(registry.manifest("1", in: "app") == image.manifest)
                #expect(registry.blob(image.layer.digest, in: "app") == image.layerBytes)
            }
            #expect(registry.allFaultsHappened)
        }
    }

    @Test("a fault that passes does not hurt a pull", arguments: pullSteps, passing)
    func passingFaultInPull(step: Step, action: Fault.Action) async throws {
        try await TestRegistry.with { registry in
            let image = try Image.put(into: registry)
            registry.add(Fault(action, method: step.method, path: step.path, times: 2))
            try await withClient { client in try await image.expectPull(with: client, from: registry.host) }
            #expect(registry.allFaultsHappened)
        }
    }

    @Test("a fault that lasts is a clear error of a push, and nothing is published", arguments: pushSteps, lasting)
    func lastingFaultInPush(step: Step, fault: (Fault.Action, RegistryError.Kind)) async throws {
        try await TestRegistry.with { registry in
            registry.add(Fault(fault.0, method: step.method, path: step.path, times: .max))
            try await withClient { client in
                if step.method == "PUT", fault.0.isDroppedAnswer {
                    try await Image.push(with: client, to: registry.host)
                    return
                }
                let error = await #expect(throws: RegistryError.self) {
                    try await Image.push(with: client, to: registry.host)
                }
                try expectClear(error, fault.1, registry)
            }
            #expect(registry.manifest("1", in: "app") == nil || (step.method == "PUT" && fault.0.isDroppedAnswer))
        }
    }

    @Test("a fault that lasts is a clear error of a pull", arguments: pullSteps, lasting)
    func lastingFaultInPull(step: Step, fault: (Fault.Action, RegistryError.Kind)) async throws {
        try await TestRegistry.with { registry in
            let image = try Image.put(into: registry)
            registry.add(Fault(fault.0, method: step.method, path: step.path, times: .max))
            try await withClient { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await image.expectPull(with: client, from: registry.host)
                }
                try expectClear(error, fault.1, registry)
            }
        }
    }

    private func expectClear(_ error: RegistryError?, _ kind: RegistryError.Kind, _ registry: TestRegistry) throws {
        let error = try #require(error)
        #expect(error.kind == kind)
        #expect("\(error)".hasPrefix("cannot "))
        #expect("\(error)".contains(registry.host))
        #expect((error.attempts > 1) == [.serverFailure, .tooManyRequests, .connectionLost].contains(kind))
    }

    @Test("an upload whose session the registry has forgotten is begun anew") func forgottenUpload() async throws {
        try await TestRegistry.with { registry in
            registry.add(Fault(.status(404), method: "PUT", path: "/blobs/uploads/"))
            try await withClient { client in
                _ = try await client.pushConfig([1, 2, 3], to: "\(registry.host)/app")
            }
            #expect(registry.requests.filter { $0.method == "POST" }.count == 2)
        }
    }

    @Test("a download that breaks is taken up where it broke", arguments: [1, 65_536, 1_000_000, 2_999_999])
    func resumedDownload(bytes: Int) async throws {
        try await TestRegistry.with { registry in
            let layer = [UInt8](repeating: 5, count: 3_000_000)
            let blob = registry.putBlob(layer, in: "app")
            registry.add(Fault(.dropBody(afterBytes: bytes), method: "GET", path: "/blobs/"))
            try await withClient { client in
                let bytes = try await client.pullBlob(blob, from: Reference("\(registry.host)/app"))
                #expect(bytes == layer)
            }
            let gets = registry.requests.filter { $0.method == "GET" && $0.target.contains("/blobs/") }
            #expect(gets.count == 2)
            #expect(gets.last?.headers["range"]?.hasPrefix("bytes=") == true)
        }
    }

    @Test("a registry that does not know ranges sends all again, and no byte is taken twice")
    func downloadWithoutRanges() async throws {
        try await TestRegistry.with { registry in
            let layer = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 1000) }
            let blob = registry.putBlob(layer, in: "app")
            registry.add(Fault(.dropBody(afterBytes: 500_000), method: "GET", path: "/blobs/"))
            let body = String(decoding: layer.map { $0 & 0x7f }, as: UTF8.self)
            let text = registry.putBlob(Array(body.utf8), in: "app")
            registry.add(Fault(.dropBody(afterBytes: 500_000), method: "GET", path: "/blobs/\(text.digest)"))
            registry.add(Fault(.status(200, body: body), method: "GET", path: "/blobs/\(text.digest)"))
            registry.add(Fault(.status(416), method: "GET", path: "/blobs/\(blob.digest)", skip: 0))
            try await withClient { client in
                let name = try Reference("\(registry.host)/app")
                #expect(try await client.pullBlob(blob, from: name) == layer)
                #expect(try await client.pullBlob(text, from: name) == Array(body.utf8))
            }
            #expect(registry.allFaultsHappened)
        }
    }

    @Test("a download that breaks every time ends, with an error") func hopelessDownload() async throws {
        try await TestRegistry.with { registry in
            let blob = registry.putBlob([UInt8](repeating: 5, count: 3_000_000), in: "app")
            registry.add(Fault(.dropBody(afterBytes: 10), method: "GET", path: "/blobs/", times: .max))
            try await withClient { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.pullBlob(blob, from: Reference("\(registry.host)/app"))
                }
                #expect(error?.kind == .connectionLost)
                #expect(error?.attempts == client.configuration.maximumAttempts)
            }
        }
    }

    @Test("bytes that are not those of the digest are refused")
    func wrongBytes() async throws {
        try await TestRegistry.with { registry in
            let image = try Image.put(into: registry)
            let name = try Reference("\(registry.host)/app:1")
            registry.add(Fault(.wrongByte, method: "GET", times: .max))
            try await withClient { client in
                let blobError = await #expect(throws: RegistryError.self) {
                    try await client.pullBlob(image.layer, from: name)
                }
                guard case .digestMismatch(expected: image.layer.digest, _)? = blobError?.kind else {
                    Issue.record("\(String(describing: blobError))")
                    return
                }
                for reference in [name, name.with(digest: image.descriptor.digest)] {
                    let error = await #expect(throws: RegistryError.self) { try await client.manifest(reference) }
                    guard case .digestMismatch(expected: image.descriptor.digest, _)? = error?.kind else {
                        Issue.record("\(String(describing: error))")
                        return
                    }
                }
            }
        }
    }

    @Test(
        "a body that is longer or shorter than the descriptor says is refused, and read no further",
        arguments: [Fault.Action.length(by: 1), .length(by: -1), .chunked(by: 5_000_000), .chunked(by: -1)])
    func wrongLength(action: Fault.Action) async throws {
        try await TestRegistry.with { registry in
            let blob = registry.putBlob([UInt8](repeating: 5, count: 100_000), in: "app")
            registry.add(Fault(action, method: "GET", path: "/blobs/", times: .max))
            let received = Mutex(0)
            try await withClient { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.pullBlob(
                        blob, from: Reference("\(registry.host)/app"),
                        into: { bytes in received.withLock { $0 += bytes.count } })
                }
                guard case .sizeMismatch(expected: 100_000, _)? = error?.kind else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            #expect(received.withLock { $0 } <= 100_000)
        }
    }

    @Test("an answer that is no HTTP is a clear error") func garbage() async throws {
        try await TestRegistry.with { registry in
            _ = try Image.put(into: registry)
            registry.add(Fault(.garbage, method: "GET", path: "/manifests/", times: .max))
            try await withClient { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.manifest(Reference("\(registry.host)/app:1"))
                }
                #expect(error.map { [.malformedAnswer, .connectionLost].contains($0.kind) } == true)
            }
        }
    }

    @Test("a registry that asks to wait is waited for; one that asks for too long is not")
    func retryAfter() async throws {
        try await TestRegistry.with { registry in
            _ = try Image.put(into: registry)
            let name = try Reference("\(registry.host)/app:1")
            registry.add(Fault(.status(429, headers: ["Retry-After": "1"]), path: "/manifests/"))
            try await withClient { client in
                var start = ContinuousClock.now
                _ = try await client.resolve(name)
                #expect(ContinuousClock.now - start >= .seconds(1))
                for wait in ["3600", "Sat, 01 Jan 2135 00:00:00 GMT"] {
                    registry.add(Fault(.status(429, headers: ["Retry-After": wait]), path: "/manifests/"))
                    start = .now
                    let error = await #expect(throws: RegistryError.self) { try await client.resolve(name) }
                    #expect(error?.kind == .tooManyRequests)
                    #expect(error?.attempts == 1)
                    #expect(ContinuousClock.now - start < .seconds(20))
                }
            }
        }
    }

    @Test("the bytes of an upload may come from the same registry, however many go on", .timeLimit(.minutes(2)))
    func pullWithinPush() async throws {
        try await TestRegistry.with { registry in
            let blobs = (0..<20).map { registry.putBlob([UInt8($0)], in: "base") }
            var configuration = RegistryConfiguration()
            configuration.transfersPerHost = 2
            try await withClient(configuration: configuration) { client in
                let (base, app) = (try Reference("\(registry.host)/base"), try Reference("\(registry.host)/app"))
                try await withThrowingTaskGroup(of: PushOutcome.self) { group in
                    for blob in blobs {
                        group.addTask {
                            try await client.pushBlob(blob, to: app) {
                                .bytes(try await client.pullBlob(blob, from: base))
                            }
                        }
                    }
                    for try await outcome in group { #expect(outcome == .uploaded) }
                }
            }
        }
    }

    @Test("a registry that goes silent is given up after the idle time, not before")
    func silence() async throws {
        try await TestRegistry.with { registry in
            _ = try Image.put(into: registry)
            let name = try Reference("\(registry.host)/app:1")
            var configuration = RegistryConfiguration()
            configuration.idleTimeout = .seconds(4)
            configuration.maximumAttempts = 2
            try await withClient(configuration: configuration) { client in
                registry.add(Fault(.delay(.milliseconds(100)), path: "/manifests/"))
                _ = try await client.resolve(name)
                registry.add(Fault(.delay(.seconds(30)), path: "/manifests/", times: .max))
                let error = await #expect(throws: RegistryError.self) { try await client.resolve(name) }
                #expect(error?.kind == .timedOut)
                #expect(error?.attempts == 2)
            }
        }
    }

    @Test("a cancelled transfer ends at once, as cancelled") func cancellation() async throws {
        try await TestRegistry.with { registry in
            let blob = registry.putBlob([1, 2, 3], in: "app")
            registry.add(Fault(.delay(.seconds(30)), method: "GET", path: "/blobs/"))
            try await withClient { client in
                let start = ContinuousClock.now
                await #expect(throws: CancellationError.self) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { _ = try await client.pullBlob(blob, from: Reference("\(registry.host)/app")) }
                        try await Task.sleep(for: .milliseconds(100))
                        group.cancelAll()
                        try await group.waitForAll()
                    }
                }
                #expect(ContinuousClock.now - start < .seconds(10))
            }
        }
    }
}

extension Fault.Action {
    fileprivate var isDroppedAnswer: Bool { if case .dropAnswer = self { true } else { false } }
}
