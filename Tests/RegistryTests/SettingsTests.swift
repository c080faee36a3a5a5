// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import HTTP
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing

/// The settings of containers' tools: mirrors, other places, what is blocked or insecure, short names.
@Suite struct RegistriesFilesTests {
    private func withSettings(_ text: String, _ body: (RegistryConfiguration) async throws -> Void) async throws {
        try await withFiles(["registries.conf": text]) { folder in
            var configuration = RegistryConfiguration()
            configuration.registries = RegistriesFiles(files: [folder.appending("registries.conf")])
            configuration.hostAddresses = ["registry.test": "127.0.0.1"]
            try await body(configuration)
        }
    }

    @Test("a mirror is asked first, and the registry when the mirror has it not, is broken or gone") func mirrors()
        async throws
    {
        try await TestRegistry.with { origin in
            try await TestRegistry.with { mirror in
                let text = """
                    # A comment
                    [[registry]]
                    prefix = "\(origin.host)"
                    location = "\(origin.host)"
                    [[registry.mirror]]
                    location = "\(mirror.host)/copy" # with a path
                    [[registry.mirror]]
                    location = '127.0.0.1:1'
                    """
                let image = try Image.put(into: origin)
                try await withSettings(text) { configuration in
                    try await withClient(configuration: configuration) { client in
                        try await image.expectPull(with: client, from: origin.host)
                    }
                    #expect(mirror.requests.contains { $0.target == "/v2/copy/app/manifests/1" })
                    for bytes in [image.layerBytes, image.configBytes] { mirror.putBlob(bytes, in: "copy/app") }
                    mirror.putManifest(image.manifest, mediaType: .ociManifest, in: "copy/app", tag: "1")
                    origin.clearRequests()
                    try await withClient(configuration: configuration) { client in
                        try await image.expectPull(with: client, from: origin.host)
                    }
                    #expect(origin.requests.isEmpty)
                    mirror.add(Fault(.dropBody(afterBytes: 50_000), method: "GET", path: "\(image.layer.digest)"))
                    mirror.add(Fault(.status(500), method: "GET", path: "\(image.layer.digest)", times: .max))
                    try await withClient(configuration: configuration) { client in
                        try await image.expectPull(with: client, from: origin.host)
                        // Pushes and what is about to be pushed over are the registry's own business.
                        origin.clearRequests()
                        _ = try await client.resolve(Reference("\(origin.host)/app:1"), by: .registry)
                        _ = try await client.pushConfig([9], to: "\(origin.host)/app")
                        #expect(origin.requests.filter { $0.method == "HEAD" }.count == 2)
                    }
                }
            }
        }
    }

    @Test("mirrors for digests are not asked for tags") func digestMirrors() async throws {
        try await TestRegistry.with { origin in
            try await TestRegistry.with { mirror in
                let text = """
                    [[registry]]
                    location = "\(origin.host)"
                    mirror = [{location = "\(mirror.host)", pull-from-mirror = "digest-only"}]
                    """
                let image = try Image.put(into: origin)
                try await withSettings(text) { configuration in
                    try await withClient(configuration: configuration) { client in
                        let name = try Reference("\(origin.host)/app:1")
                        _ = try await client.manifest(name)
                        #expect(mirror.requests.isEmpty)
                        _ = try await client.manifest(name.with(digest: image.descriptor.digest))
                        #expect(!mirror.requests.isEmpty)
                    }
                }
            }
        }
    }

    @Test("a name is looked for in another place, and what is blocked nowhere") func places() async throws {
        try await TestRegistry.with { registry in
            let image = try Image.put(into: registry)
            let text = """
                [[registry]]
                prefix = "docker.io/team"
                location = "\(registry.host)"
                [[registry]]
                prefix = "*.blocked.example"
                blocked = true
                [[registry]]
                location = "docker.io/team/secret"
                blocked = true
                """
            try await withSettings(text) { configuration in
                try await withClient(configuration: configuration) { client in
                    let found = try await client.resolve(Reference("team/app:1"))
                    #expect(found == image.descriptor)
                    for name in ["a.blocked.example/x", "team/secret:2", "team/secret/more"] {
                        for operation in ["pull", "push"] {
                            let error = await #expect(throws: RegistryError.self) {
                                let name = try Reference(name)
                                if operation == "pull" { _ = try await client.manifest(name) }
                                try await client.putManifest([1], mediaType: .ociManifest, to: name)
                            }
                            #expect(error?.kind == .settings)
                            #expect(error.map { "\($0)".contains("registries.conf blocks") } == true)
                        }
                    }
                }
            }
        }
    }

    @Test("an insecure registry may have any certificate, or none", .requiresProgram("openssl"))
    func insecure() async throws {
        let certificate = try await TestCertificate.make(for: ["DNS:other.test"])
        defer { certificate.remove() }
        for secure in [true, false] {
            try await TestRegistry.with(certificate: secure ? certificate : nil) { registry in
                let host = "registry.test" + registry.host.drop { $0 != ":" }
                let image = try Image.put(into: registry)
                for text in ["", "[[registry]]\nlocation = \"\(host)\"\ninsecure = true"] {
                    try await withSettings(text) { configuration in
                        try await withClient(configuration: configuration) { client in
                            if text.isEmpty {
                                await #expect(throws: RegistryError.self) {
                                    try await client.resolve(Reference("\(host)/app:1"))
                                }
                            } else {
                                try await image.expectPull(with: client, from: host)
                                _ = try await client.pushConfig([1], to: "\(host)/app")
                            }
                        }
                    }
                }
            }
        }
    }

    @Test(
        "short names stand for what the settings say, and without settings for what Docker means",
        arguments: [
            ("", "alpine", ["docker.io/library/alpine:latest"]),
            ("", "registry.example/a:1", ["registry.example/a:1"]),
            (
                "unqualified-search-registries = [\n 'a.example', # first\n \"b.example:5000\",\n]", "team/app:2",
                ["a.example/team/app:2", "b.example:5000/team/app:2"]
            ),
            (
                "unqualified-search-registries = ['a.example']\n[aliases]\n\"alpine\" = \"docker.io/library/alpine\"",
                "alpine:3", ["docker.io/library/alpine:3"]
            ),
            (
                "[registries.search]\nregistries = ['docker.io', 'quay.io']", "app",
                ["docker.io/library/app:latest", "quay.io/app:latest"]
            ),
        ])
    func shortNames(text: String, name: String, expected: [String]) async throws {
        try await withSettings(text) { configuration in
            let found = try configuration.registries.candidates(for: name).map(\.description)
            #expect(found == expected)
        }
    }

    @Test(
        "a file that cannot be used is an error that names file and line, and only when a registry is needed",
        arguments: [
            ("a = 1\nb = ", "line 2"), ("a = \"x", "does not end"), ("[a]\nb=1\nb=2", "line 3"),
            ("a = 1 b = 2", "line 1"),
            ("x = yes", "yes is not a value"), ("[[registry]]\ninsecure = true", "neither prefix nor location"),
            ("[[registry]]\nlocation='a.example'\n[[registry.mirror]]\n", "has no location"),
            ("a = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "too many brackets"),
        ])
    func damaged(text: String, words: String) async throws {
        try await withSettings(text) { configuration in
            try await withClient(configuration: configuration) { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.resolve(Reference("registry.test/app"))
                }
                #expect(error?.kind == .settings)
                let said = try "\(#require(error))"
                #expect(said.contains("registries.conf") && said.contains(words), "\(said)")
            }
        }
    }

    @Test("drop-ins come after the file, in the order of their names, and are found by the environment") func dropIns()
        async throws
    {
        let files = [
            "containers/registries.conf": "unqualified-search-registries = ['a.example']",
            "containers/registries.conf.d/10.conf": "unqualified-search-registries = ['b.example']",
            "containers/registries.conf.d/20.conf": "unqualified-search-registries = ['c.example']",
            "containers/registries.conf.d/30.txt": "nonsense",
        ]
        try await withFiles(files) { folder in
            let found = RegistriesFiles(environment: ["XDG_CONFIG_HOME": folder.string])
            let candidates = try found.candidates(for: "no-such-alias-anywhere")
            #expect(candidates.map(\.registry) == ["c.example"])
            let named = RegistriesFiles(environment: ["CONTAINERS_REGISTRIES_CONF": "/x/y.conf"])
            #expect(named.files == ["/x/y.conf"])
        }
    }
}

@Suite(.requiresProgram("openssl", "docker-registry")) struct CertificateDirectoryTests {
    @Test("authorities and client certificates are found by the name of the registry") func clientCertificate()
        async throws
    {
        let certificate = try await TestCertificate.make(for: ["DNS:registry.test"])
        defer { certificate.remove() }
        try await DebianRegistry.with(certificate: certificate, features: [.clientAuthority(certificate.authority)]) {
            registry in
            let host = "registry.test" + registry.host.drop { $0 != ":" }
            let authority = try String(contentsOfFile: certificate.authority.string, encoding: .utf8)
            try await withFiles(["\(host)/ca.crt": authority]) { folder in
                var configuration = RegistryConfiguration()
                configuration.hostAddresses = ["registry.test": "127.0.0.1"]
                configuration.certificateDirectories = ["/nowhere", folder]
                try await withClient(configuration: configuration) { client in
                    let error = await #expect(throws: RegistryError.self) {
                        try await client.pushConfig([1], to: "\(host)/app")
                    }
                    #expect(
                        error.map { "\($0)".contains("client certificate") } == true, "\(String(describing: error))")
                }
                try await certificate.makeClient(in: folder.appending(host))
                try await withClient(configuration: configuration) { client in
                    let blob = try await client.pushConfig([1], to: "\(host)/app")
                    #expect(try await client.pullBlob(blob, from: Reference("\(host)/app")) == [1])
                }
            }
        }
    }

    @Test(
        "what cannot be used is a clear error",
        arguments: [
            (["ca.crt": "nonsense"], "ca.crt"), (["client.cert": "x"], "client.key"),
            (["client.cert": "x", "client.key": "x"], "client.cert"),
        ] as [([String: String], String)])
    func unusable(files: [String: String], words: String) async throws {
        let named = Dictionary(uniqueKeysWithValues: files.map { ("registry.test:5000/\($0.key)", $0.value) })
        try await withFiles(named) { folder in
            var configuration = RegistryConfiguration()
            configuration.certificateDirectories = [folder]
            try await withClient(configuration: configuration) { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.resolve(Reference("registry.test:5000/app"))
                }
                #expect(error?.kind == .certificates)
                #expect(error.map { "\($0)".contains(words) } == true, "\(String(describing: error))")
            }
        }
    }
}

@Suite(.requiresProgram("openssl")) struct ProxyTests {
    @Test("a registry is reached through the proxy of the environment, unless NO_PROXY names it") func connect()
        async throws
    {
        let certificate = try await TestCertificate.make(for: ["DNS:registry.test"])
        defer { certificate.remove() }
        try await TestRegistry.with(certificate: certificate) { registry in
            try await TestProxy.with(.connect(user: "jane:sword fish")) { proxy in
                let host = "registry.test" + registry.host.drop { $0 != ":" }
                let image = try Image.put(into: registry)
                func pull(_ environment: [String: String]) async throws {
                    var configuration = RegistryConfiguration()
                    configuration.additionalTrustRoots = [certificate.authority]
                    configuration.hostAddresses = ["registry.test": "127.0.0.1"]
                    configuration.proxies = ProxySettings(environment: environment)
                    try await withClient(configuration: configuration) { client in
                        try await image.expectPull(with: client, from: host)
                    }
                }
                try await pull(["HTTPS_PROXY": "http://jane:sword%20fish@\(proxy.host)"])
                #expect(!proxy.requests.isEmpty)
                let count = proxy.requests.count
                for exception in ["*", "registry.test", ".test", "*.test", "x, \(host)"] {
                    try await pull(["https_proxy": "http://\(proxy.host)", "no_proxy": exception])
                }
                #expect(proxy.requests.count == count)
                let error = await #expect(throws: RegistryError.self) {
                    try await pull([
                        "HTTPS_PROXY": "http://jane:wrong@\(proxy.host)", "NO_PROXY": "other.test,x.registry.test",
                    ])
                }
                let words = try "\(#require(error)) \(error?.remedy ?? "")"
                #expect(
                    words.contains("HTTPS_PROXY") && words.contains(proxy.host) && !words.contains("wrong"), "\(words)")
            }
        }
    }

    @Test(
        "a variable that names no proxy is a clear error, and this machine needs none",
        arguments: ["ftp://proxy.example", "https://proxy.example", "http://:80", "proxy.example:x"])
    func unusable(value: String) async throws {
        var configuration = RegistryConfiguration()
        configuration.proxies = ProxySettings(environment: ["HTTPS_PROXY": value, "HTTP_PROXY": value])
        try await withClient(configuration: configuration) { client in
            let error = await #expect(throws: RegistryError.self) {
                try await client.resolve(Reference("registry.test/app"))
            }
            #expect(error?.kind == .settings)
            #expect(error?.remedy?.contains("HTTPS_PROXY") == true)
        }
        try await TestRegistry.with { registry in
            let image = try Image.put(into: registry)
            try await withClient(configuration: configuration) { client in
                try await image.expectPull(with: client, from: registry.host)
            }
        }
    }
}
