// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
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
                    #expect(error?.remedy?.contains("manifold login \(registry.host)") == true)
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

    @Test("a registry with a token service of its own takes the tokens that it gives, also for mounts") func tokens()
        async throws
    {
        let certificate = try await TestCertificate.make()
        defer { certificate.remove() }
        let issuer = try TokenIssuer(certificate: certificate, username: "jane", password: "fish")
        try await TestRegistry.with(authentication: .tokens(issuer)) { service in
            let feature = DebianRegistry.Feature.tokens(issuer, realm: "http://\(service.host)/token")
            try await DebianRegistry.with(features: [feature]) { registry in
                let jane = FixedCredentials([registry.host: .password(username: "jane", Secret("fish"))])
                try await withClient(credentials: jane) { client in
                    try await Self.roundTrip(
                        client, host: registry.host, judgeOptions: ["--tls-verify=false", "--creds", "jane:fish"])
                    let config = try await client.pushConfig([1, 2], to: "\(registry.host)/app")
                    let mounted = try await client.pushBlob(
                        config, from: .bytes([1, 2]), to: Reference("\(registry.host)/other"), mountFrom: ["app"])
                    #expect(mounted == .mounted)
                    try await client.authenticate(at: registry.host)
                }
                // Somebody without a name may read and not write.
                try await withClient { client in
                    _ = try await client.manifest(Reference("\(registry.host)/app:1"))
                    let error = await #expect(throws: RegistryError.self) {
                        try await client.pushConfig([3], to: "\(registry.host)/app")
                    }
                    #expect(error.map { [.unauthorized, .denied].contains($0.kind) } == true)
                    #expect(error?.remedy?.contains("login") == true)
                }
                #expect(service.requests.contains { $0.target.contains("scope=repository%3Aapp%3Apull") })
            }
        }
    }

    @Test("an image comes through a mirror that fetches it from the registry") func pullThrough() async throws {
        try await DebianRegistry.with { origin in
            try await DebianRegistry.with(features: [.mirror(of: "http://\(origin.host)")]) { mirror in
                try await withClient { client in
                    let image = try await Image.push(with: client, to: origin.host)
                    try await image.expectPull(with: client, from: mirror.host)
                }
                let text = "[[registry]]\nlocation='registry.test'\n[[registry.mirror]]\nlocation='\(mirror.host)'\n"
                try await withFiles(["registries.conf": text]) { folder in
                    var configuration = RegistryConfiguration()
                    configuration.registries = RegistriesFiles(files: [folder.appending("registries.conf")])
                    try await withClient(configuration: configuration) { client in
                        try await Image().expectPull(with: client, from: "registry.test")
                    }
                }
            }
        }
    }

    @Test(
        "an upload whose connection breaks goes on, in one piece and in several",
        arguments: [1_000_000, 5_000_000, 9_000_000], [nil, 2_000_000] as [Int64?])
    func brokenUpload(bytes: Int, piece: Int64?) async throws {
        let pattern = Pattern(size: 10_000_000)
        try await DebianRegistry.with { registry in
            try await TestProxy.with(.inFront(of: registry.host)) { proxy in
                var configuration = RegistryConfiguration()
                configuration.uploadChunkSize = piece
                try await withClient(configuration: configuration) { client in
                    let name = try Reference("\(proxy.host)/app")
                    // The client reuses its connection: what it sent before counts.
                    proxy.cut(afterBytes: bytes)
                    #expect(try await client.pushBlob(pattern.descriptor, from: pattern.source, to: name) == .uploaded)
                    #expect(proxy.hasCut)
                    var digester = Digester()
                    try await client.pullBlob(pattern.descriptor, from: name, into: { digester.update($0) })
                    #expect(digester.digest() == pattern.digest)
                }
            }
        }
    }

    @Test("tags are listed, and a manifest is deleted") func listing() async throws {
        try await DebianRegistry.with { registry in
            try await withClient { client in
                let image = try await Image.push(with: client, to: registry.host)
                let name = try Reference("\(registry.host)/app:1")
                let tags = try await client.tags(of: name)
                #expect(tags == ["1"])
                #expect(try await client.referrers(of: name).isEmpty)
                try await client.deleteManifest(name.with(digest: image.descriptor.digest))
                let error = await #expect(throws: RegistryError.self) { try await client.resolve(name) }
                #expect(error?.kind == .notFound)
            }
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
