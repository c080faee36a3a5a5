// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import OCI
import Registry
import TestSupport
import Testing

@Suite struct ListingTests {
    @Test("all tags are listed, however many pages they have") func tags() async throws {
        try await TestRegistry.with(authentication: .bearer(username: nil, password: nil)) { registry in
            for tag in ["a", "b", "c", "d", "e"] {
                registry.putManifest([1, 2], mediaType: .ociManifest, in: "app", tag: tag)
            }
            try await withClient { client in
                let tags = try await client.tags(of: Reference("\(registry.host)/app"))
                #expect(tags == ["a", "b", "c", "d", "e"])
                let error = await #expect(throws: RegistryError.self) {
                    try await client.tags(of: Reference("\(registry.host)/nothing"))
                }
                #expect(error?.kind == .notFound)
            }
        }
    }

    @Test(
        "a list that goes round in a circle, elsewhere or nowhere ends with an error",
        arguments: [
            "</v2/app/tags/list?n=1000>; rel=next", "<http://127.0.0.1:1/>; rel=\"next\"", "<ftp://x>; rel=next",
        ])
    func circle(link: String) async throws {
        try await TestRegistry.with { registry in
            registry.putManifest([1, 2], mediaType: .ociManifest, in: "app", tag: "a")
            registry.add(Fault(.header("Link", link), path: "/tags/", times: .max))
            try await withClient { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.tags(of: Reference("\(registry.host)/app"))
                }
                #expect(error?.kind == .malformedAnswer)
            }
        }
    }

    @Test("a manifest is deleted, or the error says why not") func delete() async throws {
        try await TestRegistry.with(authentication: .bearer(username: nil, password: nil)) { registry in
            let image = try Image.put(into: registry)
            try await withClient { client in
                let name = try Reference("\(registry.host)/app:1")
                try await client.deleteManifest(name.with(digest: image.descriptor.digest))
                #expect(registry.manifest("1", in: "app") == nil)
                registry.lack(.deletion)
                _ = try Image.put(into: registry)
                let error = await #expect(throws: RegistryError.self) { try await client.deleteManifest(name) }
                #expect(error?.kind == .refused)
                #expect(error?.remedy?.contains("digest") == true)
            }
        }
    }

    @Test("referrers are listed by the registry, or by their tag", arguments: [true, false])
    func referrers(isKnown: Bool) async throws {
        try await TestRegistry.with { registry in
            if !isKnown { registry.lack(.referrers) }
            let image = try Image.put(into: registry)
            var found: [Descriptor] = []
            for type in ["application/x.sbom", "application/x.signature"] {
                var manifest = Manifest(config: image.config, layers: [])
                manifest.subject = image.descriptor
                manifest.artifactType = type
                let bytes = try JSON.encode(manifest)
                var descriptor = registry.putManifest(bytes, mediaType: .ociManifest, in: "app", tag: "x")
                descriptor.artifactType = type
                found.append(descriptor)
            }
            try await withClient { client in
                let name = try Reference("\(registry.host)/app:1")
                if !isKnown {
                    #expect(try await client.referrers(of: name).isEmpty)
                    let tag = "sha256-\(image.descriptor.digest.encoded)"
                    registry.putManifest(
                        try JSON.encode(Index(manifests: found)), mediaType: .ociIndex, in: "app", tag: tag)
                }
                let all = try await client.referrers(of: name)
                #expect(Set(all) == Set(found))
                let sboms = try await client.referrers(of: name, artifactType: "application/x.sbom")
                #expect(sboms == [found[0]])
            }
        }
    }

    @Test("a foreign layer comes from where its descriptor says, checked like any other") func foreignLayer()
        async throws
    {
        try await TestRegistry.with { elsewhere in
            let bytes = [UInt8](repeating: 3, count: 300_000)
            var blob = elsewhere.putBlob(bytes, in: "files")
            blob.urls = ["http://127.0.0.1:1/gone", "http://\(elsewhere.host)/v2/files/blobs/\(blob.digest)"]
            try await TestRegistry.with(authentication: .basic(username: "jane", password: "fish")) { registry in
                _ = try Image.put(into: registry)
                let credentials = FixedCredentials([registry.host: .password(username: "jane", Secret("fish"))])
                try await withClient(credentials: credentials) { client in
                    let name = try Reference("\(registry.host)/app")
                    elsewhere.add(Fault(.dropBody(afterBytes: 100_000), method: "GET"))
                    #expect(try await client.pullBlob(blob, from: name) == bytes)
                    elsewhere.add(Fault(.wrongByte, method: "GET"))
                    await #expect(throws: RegistryError.self) { try await client.pullBlob(blob, from: name) }
                }
            }
            #expect(elsewhere.requests.allSatisfy { $0.headers["authorization"] == nil })
        }
    }

    @Test("a login is checked by the registry", arguments: [("fish", true), ("wrong", false)])
    func login(password: String, succeeds: Bool) async throws {
        for authentication in [
            TestRegistry.Authentication.basic(username: "jane", password: "fish"),
            .bearer(username: "jane", password: "fish"),
        ] {
            try await TestRegistry.with(authentication: authentication) { registry in
                let credentials = FixedCredentials([registry.host: .password(username: "jane", Secret(password))])
                try await withClient(credentials: credentials) { client in
                    if succeeds {
                        try await client.authenticate(at: registry.host)
                    } else {
                        let error = await #expect(throws: RegistryError.self) {
                            try await client.authenticate(at: registry.host)
                        }
                        #expect(error?.kind == .unauthorized)
                    }
                }
            }
        }
    }
}
