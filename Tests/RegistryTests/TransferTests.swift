// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import HTTP
import NIOCore
import OCI
import Registry
import Synchronization
import TestSupport
import Testing

/// Counts what runs at the same time.
private final class Running: Sendable {
    private let state = Mutex((now: 0, most: 0))

    func start() {
        state.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
    }

    func end() { state.withLock { $0.now -= 1 } }

    var most: Int { state.withLock { $0.most } }
}

@Suite struct TransferTests {
    @Test("a blob is mounted from the first repository that has it, and unused uploads are cancelled")
    func mount() async throws {
        try await TestRegistry.with(authentication: .bearer(username: nil, password: nil)) { registry in
            let blob = registry.putBlob([1, 2, 3], in: "base")
            try await withClient { client in
                let outcome = try await client.pushBlob(
                    blob, from: .bytes([1, 2, 3]), to: Reference("\(registry.host)/app"), mountFrom: ["empty", "base"])
                #expect(outcome == .mounted)
            }
            #expect(registry.blob(blob.digest, in: "app") == [1, 2, 3])
            #expect(!registry.requests.contains { $0.method == "PUT" })
            #expect(registry.requests.filter { $0.method == "DELETE" }.count == 1)
            #expect(registry.requests.contains { $0.target.contains("scope=repository%3Abase%3Apull") })
        }
    }

    @Test("a registry that refuses to mount gets the bytes", arguments: [400, 401, 403, 404, 405])
    func refusedMount(status: Int) async throws {
        try await TestRegistry.with { registry in
            registry.add(Fault(.status(status), method: "POST", path: "mount="))
            try await withClient { client in
                let blob = Descriptor(mediaType: .ociLayer, digest: .sha256(of: "abc"), size: 3)
                let outcome = try await client.pushBlob(
                    blob, from: .bytes(Array("abc".utf8)), to: Reference("\(registry.host)/app"), mountFrom: ["base"])
                #expect(outcome == .uploaded)
            }
        }
    }

    @Test("an upload that is opened in place of a mount is none, wherever it would go on")
    func mountWithoutLocation() async throws {
        try await TestRegistry.with { registry in
            registry.add(Fault(.status(202), method: "POST", path: "mount="))
            try await withClient { client in
                let blob = Descriptor(mediaType: .ociLayer, digest: .sha256(of: "abc"), size: 3)
                let outcome = try await client.pushBlob(
                    blob, from: .bytes(Array("abc".utf8)), to: Reference("\(registry.host)/app"), mountFrom: ["base"])
                #expect(outcome == .uploaded)
            }
        }
    }

    @Test("no more blobs are transferred at once than the configuration says") func bound() async throws {
        try await TestRegistry.with { registry in
            let blobs = (0..<9).map { registry.putBlob([UInt8](repeating: $0, count: 100), in: "app") }
            registry.add(Fault(.delay(.milliseconds(30)), method: "GET", path: "/blobs/", times: .max))
            var configuration = RegistryConfiguration()
            configuration.transfersPerHost = 3
            let running = Running()
            try await withClient(configuration: configuration) { client in
                let name = try Reference("\(registry.host)/app")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for blob in blobs {
                        group.addTask {
                            try await client.pullBlob(
                                blob, from: name,
                                buffers: { _ in
                                    running.start()
                                    try await Task.sleep(for: .milliseconds(30))
                                    running.end()
                                })
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect((1...3).contains(running.most))
        }
    }

    @Test("an upload reads no faster than the network takes") func uploadBackPressure() async throws {
        try await TestRegistry.with { registry in
            registry.add(Fault(.stopReading(.milliseconds(600)), method: "PUT", path: "/blobs/uploads/"))
            let pattern = Pattern(size: 64 << 20)
            let start = ContinuousClock.now
            let read = Mutex<Int64>(0)
            let readEarly = Mutex<Int64>(0)
            try await withClient { client in
                let outcome = try await client.pushBlob(
                    pattern.descriptor, from: pattern.source, to: Reference("\(registry.host)/app"),
                    progress: { count in
                        read.withLock { $0 = count }
                        if ContinuousClock.now - start < .milliseconds(400) { readEarly.withLock { $0 = count } }
                    })
                #expect(outcome == .uploaded)
            }
            #expect(read.withLock { $0 } == pattern.size)
            #expect(readEarly.withLock { $0 } < SocketLimits.inFlight)
        }
    }

    @Test("a download comes no faster than it is taken") func downloadBackPressure() async throws {
        try await TestRegistry.with { registry in
            let blob = registry.putBlob([UInt8](repeating: 1, count: 64 << 20), in: "app")
            let sentEarly = Mutex(0)
            let count = Mutex(0)
            try await withClient { client in
                try await client.pullBlob(
                    blob, from: Reference("\(registry.host)/app"),
                    buffers: { buffer in
                        if count.withLock({ $0 }) == 0 {
                            try await Task.sleep(for: .milliseconds(400))
                            sentEarly.withLock { $0 = registry.bytesSent }
                        }
                        count.withLock { $0 += buffer.readableBytes }
                    })
            }
            #expect(count.withLock { $0 } == 64 << 20)
            #expect(sentEarly.withLock { $0 } < SocketLimits.inFlight)
        }
    }

    @Test("an error of the caller's own sink or source comes out as it is, and is not tried again") func ownErrors()
        async throws
    {
        struct DiskFull: Error {}
        try await TestRegistry.with { registry in
            let blob = registry.putBlob([1, 2, 3], in: "app")
            let missing = Descriptor(mediaType: .ociLayer, digest: .sha256(of: "x"), size: 1000)
            try await withClient { client in
                let name = try Reference("\(registry.host)/app")
                await #expect(throws: DiskFull.self) {
                    try await client.pullBlob(blob, from: name, into: { _ in throw DiskFull() })
                }
                await #expect(throws: DiskFull.self) {
                    _ = try await client.pushBlob(missing, from: .reading { _, _ in throw DiskFull() }, to: name)
                }
                await #expect(throws: BlobSourceError.endedEarly(expected: 1000, actual: 3)) {
                    _ = try await client.pushBlob(missing, from: .bytes([1, 2, 3]), to: name)
                }
            }
            #expect(registry.requests.filter { $0.method == "GET" && $0.target.contains("/blobs/") }.count == 1)
        }
    }

    @Test("a blob that is not what its descriptor says is refused by the registry, with its words") func wrongSource()
        async throws
    {
        try await TestRegistry.with { registry in
            let blob = Descriptor(mediaType: .ociLayer, digest: .sha256(of: "abc"), size: 3)
            try await withClient { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.pushBlob(blob, from: .bytes([1, 2, 3]), to: Reference("\(registry.host)/app"))
                }
                #expect(error?.kind == .refused)
                #expect(error?.messages.first?.code == "DIGEST_INVALID")
            }
        }
    }

    @Test("a large blob is not read into memory") func smallBlobsOnly() async throws {
        try await withClient { client in
            let blob = Descriptor(mediaType: .ociConfig, digest: .sha256(of: "x"), size: 1 << 40)
            let error = await #expect(throws: RegistryError.self) {
                try await client.pullBlob(blob, from: Reference("127.0.0.1:1/app"))
            }
            #expect(error?.kind == .tooLarge(limit: RegistryClient.maximumManifestSize))
        }
    }

    @Test("a client that was never used can be shut down, also twice") func unusedClient() async throws {
        let client = RegistryClient(credentials: NoCredentials())
        try await client.shutdown()
        try await client.shutdown()
    }
}

@Suite(.requiresProgram("openssl")) struct SecureTransportTests {
    @Test("a loopback registry is asked once whether it speaks HTTP or HTTPS") func scheme() async throws {
        let certificate = try await TestCertificate.make()
        defer { certificate.remove() }
        try await TestRegistry.with(certificate: certificate) { registry in
            try await withClient { client in
                let image = try await Image.push(with: client, to: registry.host)
                try await image.expectPull(with: client, from: registry.host)
            }
            #expect(registry.requests.filter { $0.target == "/v2/" }.count == 1)
        }
    }

    @Test(
        "a secure registry's tokens and blobs are not fetched over plain HTTP", arguments: ["http://elsewhere.test/x"])
    func downgrade(location: String) async throws {
        let certificate = try await TestCertificate.make(for: ["DNS:registry.test"])
        defer { certificate.remove() }
        try await TestRegistry.with(certificate: certificate) { registry in
            let host = "registry.test" + registry.host.drop { $0 != ":" }
            let blob = registry.putBlob([1, 2, 3], in: "app")
            var configuration = RegistryConfiguration()
            configuration.hostAddresses = ["registry.test": "127.0.0.1"]
            configuration.additionalTrustRoots = [certificate.authority]
            try await withClient(configuration: configuration) { client in
                registry.add(Fault(.status(307, headers: ["Location": location]), method: "GET", path: "/blobs/"))
                let name = try Reference("\(host)/app")
                let blobError = await #expect(throws: RegistryError.self) {
                    try await client.pullBlob(blob, from: name)
                }
                #expect(blobError?.kind == .insecureConnection)
                registry.add(Fault(.status(202, headers: ["Location": location]), method: "POST"))
                let pushError = await #expect(throws: RegistryError.self) {
                    try await client.pushConfig([9], to: "\(host)/app")
                }
                #expect(pushError?.kind == .insecureConnection)
                registry.add(
                    Fault(.status(401, headers: ["WWW-Authenticate": "Bearer realm=\"\(location)\""]), method: "HEAD"))
                let tokenError = await #expect(throws: RegistryError.self) { try await client.resolve(name) }
                #expect(tokenError?.kind == .insecureConnection)
            }
        }
    }

    @Test("a registry behind a proxy that calls itself http is still spoken to securely") func proxied() async throws {
        let certificate = try await TestCertificate.make(for: ["DNS:registry.test"])
        defer { certificate.remove() }
        try await TestRegistry.with(certificate: certificate) { registry in
            let host = "registry.test" + registry.host.drop { $0 != ":" }
            var configuration = RegistryConfiguration()
            configuration.hostAddresses = ["registry.test": "127.0.0.1"]
            configuration.additionalTrustRoots = [certificate.authority]
            registry.add(
                Fault(.header("Location", "http://\(host)/v2/app/blobs/uploads/upload-1"), method: "POST"))
            try await withClient(configuration: configuration) { client in
                let blob = try await client.pushConfig([9], to: "\(host)/app")
                #expect(registry.blob(blob.digest, in: "app") == [9])
            }
        }
    }

    @Test("a certificate file that is none is a clear error") func brokenTrust() async throws {
        let configuration = RegistryConfiguration(environment: ["SSL_CERT_FILE": "/nowhere/ca.pem"])
        try await withClient(configuration: configuration) { client in
            let error = await #expect(throws: RegistryError.self) {
                try await client.resolve(Reference("registry.test/app:1"))
            }
            #expect(error?.kind == .certificates)
            #expect(error.map { "\($0)".contains("/nowhere/ca.pem") } == true)
        }
    }
}

/// How much can be under way between two sockets on loopback before anybody notices that nobody reads.
private enum SocketLimits {
    /// The kernel's largest buffers for one connection (tcp(7), tcp_rmem and tcp_wmem), and some for the programs' own.
    static let inFlight = largest("tcp_rmem") + largest("tcp_wmem") + (8 << 20)

    private static func largest(_ name: String) -> Int64 {
        let path = "/proc/sys/net/ipv4/\(name)"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isWhitespace).last.flatMap { Int64($0) } ?? 6 << 20
    }
}
