// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Registry
import SystemPackage
import TestSupport
import Testing

/// Against Debian's docker-registry, with skopeo as the judge.
@Suite(.requiresProgram("docker-registry", "htpasswd", "openssl", "skopeo"))
struct DebianRegistryTests {
    @Test("an image that was pushed is read back, byte for byte, by this client and by skopeo")
    func roundTrip() async throws {
        try await DebianRegistry.with { registry in
            try await withClient { client in
                try await Self.roundTrip(client, host: registry.host, judgeOptions: ["--tls-verify=false"])
            }
        }
    }

    @Test("a registry with passwords takes the one from config.json and refuses others")
    func passwords() async throws {
        let user = DebianRegistry.User(name: "jane", password: "se:cret")
        try await DebianRegistry.with(user: user) { registry in
            let known = FixedCredentials([registry.host: .password(username: "jane", Secret("se:cret"))])
            try await withClient(credentials: known) { client in
                try await Self.roundTrip(
                    client, host: registry.host, judgeOptions: ["--tls-verify=false", "--creds", "jane:se:cret"])
            }
            let wrong = FixedCredentials([registry.host: .password(username: "jane", Secret("swordfish"))])
            for credentials in [wrong, FixedCredentials([:])] {
                try await withClient(credentials: credentials) { client in
                    let error = await #expect(throws: RegistryError.self) {
                        try await client.resolve(Reference("\(registry.host)/app:1"))
                    }
                    #expect(error?.kind == .unauthorized)
                    #expect(error?.remedy?.contains("docker login \(registry.host)") == true)
                    #expect(error.map { "\($0)".contains("swordfish") } == false)
                }
            }
        }
    }

    @Test("a loopback registry may speak HTTPS with any certificate") func loopbackHTTPS() async throws {
        let certificate = try await TestCertificate.make()
        defer { certificate.remove() }
        try await DebianRegistry.with(certificate: certificate) { registry in
            try await withClient { client in
                try await Self.roundTrip(client, host: registry.host, judgeOptions: ["--tls-verify=false"])
            }
        }
    }

    @Test("any other registry's certificate must be vouched for, by name") func verification() async throws {
        let certificate = try await TestCertificate.make(for: ["DNS:registry.test"])
        defer { certificate.remove() }
        try await DebianRegistry.with(certificate: certificate) { registry in
            let port = registry.host.drop { $0 != ":" }
            var configuration = RegistryConfiguration()
            configuration.hostAddresses = ["registry.test": "127.0.0.1", "other.test": "127.0.0.1"]
            try await withClient(configuration: configuration) { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.resolve(Reference("registry.test\(port)/app:1"))
                }
                #expect(error?.kind == .insecureConnection)
            }
            configuration.additionalTrustRoots = [certificate.authority]
            try await withClient(configuration: configuration) { client in
                let blob = try await client.pushConfig(Array("{}".utf8), to: "registry.test\(port)/app")
                #expect(
                    try await client.pullBlob(blob, from: Reference("registry.test\(port)/app")) == Array("{}".utf8))
                let error = await #expect(throws: RegistryError.self) {
                    try await client.resolve(Reference("other.test\(port)/app:1"))
                }
                #expect(error?.kind == .insecureConnection)
            }
            var replaced = RegistryConfiguration(environment: ["SSL_CERT_FILE": certificate.authority.string])
            replaced.hostAddresses = configuration.hostAddresses
            try await withClient(configuration: replaced) { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.resolve(Reference("registry.test\(port)/app:none"))
                }
                #expect(error?.kind == .notFound)
            }
            var insecure = RegistryConfiguration()
            insecure.hostAddresses = configuration.hostAddresses
            insecure.insecureRegistries = ["other.test\(port)"]
            try await withClient(configuration: insecure) { client in
                let blob = try await client.pushConfig(Array("{}".utf8), to: "other.test\(port)/app")
                #expect(try await client.blobExists(blob, in: Reference("other.test\(port)/app")))
            }
        }
    }

    @Test("a blob of 64 MB goes there and back, and a second repository mounts it") func bigBlob() async throws {
        let size = 64 << 20
        let pattern = Pattern(size: Int64(size))
        let blob = Descriptor(mediaType: .ociLayer, digest: pattern.digest, size: pattern.size)
        try await DebianRegistry.with { registry in
            try await withClient { client in
                let first = try Reference("\(registry.host)/first")
                let second = try Reference("\(registry.host)/second")
                #expect(try await client.pushBlob(blob, from: pattern.source, to: first) == .uploaded)
                #expect(try await client.pushBlob(blob, from: pattern.source, to: first) == .alreadyThere)
                let mounted = try await client.pushBlob(blob, from: pattern.source, to: second, mountFrom: ["first"])
                #expect(mounted == .mounted)
                let third = try Reference("\(registry.host)/third")
                let sent = try await client.pushBlob(blob, from: pattern.source, to: third, mountFrom: ["nowhere"])
                #expect(sent == .uploaded)
                var digester = Digester()
                try await client.pullBlob(blob, from: second, into: { digester.update($0) })
                #expect(digester.digest() == blob.digest)
            }
        }
    }

    @Test("what is not there is a clear error, and looking for it is none") func absence() async throws {
        try await DebianRegistry.with { registry in
            try await withClient { client in
                let reference = try Reference("\(registry.host)/nothing:1")
                let error = await #expect(throws: RegistryError.self) { try await client.manifest(reference) }
                #expect(error?.kind == .notFound)
                #expect(error?.status == 404)
                #expect(error?.messages.first?.code == "MANIFEST_UNKNOWN")
                #expect(error.map { "\($0)".hasPrefix("cannot pull manifest \(reference): ") } == true)
                let blob = Descriptor(mediaType: .ociLayer, digest: .sha256(of: "x"), size: 1)
                #expect(try await client.blobExists(blob, in: reference) == false)
            }
        }
    }

    @Test("a registry that is not running is unreachable at once") func notRunning() async throws {
        let registry = try await DebianRegistry.start()
        await registry.stop()
        try await withClient { client in
            let start = ContinuousClock.now
            let error = await #expect(throws: RegistryError.self) {
                try await client.resolve(Reference("\(registry.host)/app:1"))
            }
            #expect(error?.kind == .unreachable)
            #expect(error?.remedy?.contains("running") == true)
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    private static func roundTrip(_ client: RegistryClient, host: String, judgeOptions: [String]) async throws {
        let config = try await client.pushConfig(
            Array(#"{"architecture":"amd64","os":"linux"}"#.utf8), to: "\(host)/app")
        let layerBytes = [UInt8](repeating: 7, count: 3_000_000)
        let layer = Descriptor(
            mediaType: .ociLayer, digest: .sha256(of: layerBytes), size: Int64(layerBytes.count))
        let reference = try Reference("\(host)/app:1")
        #expect(try await client.pushBlob(layer, from: .bytes(layerBytes), to: reference) == .uploaded)
        let manifest = try JSON.encode(Manifest(config: config, layers: [layer]))
        let put = try await client.putManifest(manifest, mediaType: .ociManifest, to: reference)
        #expect(put.digest == .sha256(of: manifest))

        #expect(try await client.resolve(reference) == put)
        let fetched = try await client.manifest(reference)
        #expect(fetched.bytes == manifest)
        #expect(fetched.descriptor == put)
        #expect(try fetched.content() == .manifest(Manifest(config: config, layers: [layer])))
        #expect(try await client.manifest(reference.with(digest: put.digest)).bytes == manifest)
        #expect(try await client.pullBlob(layer, from: reference) == layerBytes)

        let judged = try await ChildProcess.run(
            "skopeo", ["inspect", "--raw"] + judgeOptions + ["docker://\(reference)"])
        #expect(judged.stdout == manifest, "\(judged)")
    }
}
