// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import OCI
import Registry
import TestSupport
import Testing

@Suite struct ManifestTests {
    @Test(
        "a registry that leaves out what a HEAD should say is asked with GET",
        arguments: [
            Fault.Action.without(header: "Docker-Content-Digest"), .without(header: "Content-Type"),
            .header("Docker-Content-Digest", "md5:1"), .status(405),
        ])
    func resolveByGet(action: Fault.Action) async throws {
        try await TestRegistry.with { registry in
            let image = try Image.put(into: registry)
            registry.add(Fault(action, method: "HEAD", path: "/manifests/"))
            try await withClient { client in
                let found = try await client.resolve(Reference("\(registry.host)/app:1"))
                #expect(found == image.descriptor)
            }
            #expect(registry.requests.map(\.method) == ["GET", "HEAD", "GET"])
        }
    }

    @Test(
        "what is no manifest is a clear error",
        arguments: [
            ("text/html", "<html>please log in</html>"), ("application/json", ""),
            ("application/json", #"{"schemaVersion":2,"#),
            ("application/json", #"{"schemaVersion":1,"signatures":[]}"#), ("application/json", #"{"hello":1}"#),
        ])
    func noManifest(type: String, body: String) async throws {
        try await TestRegistry.with { registry in
            registry.add(
                Fault(.status(200, headers: ["Content-Type": type], body: body), path: "/manifests/", times: .max))
            try await withClient { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.manifest(Reference("\(registry.host)/app:1"))
                }
                #expect(error?.kind == .malformedAnswer)
                #expect(error?.remedy != nil)
            }
        }
    }

    @Test("a manifest larger than 4 MiB is not read") func tooLarge() async throws {
        try await TestRegistry.with { registry in
            let bytes = [UInt8](repeating: 32, count: RegistryClient.maximumManifestSize + 1)
            registry.putManifest(bytes, mediaType: .ociManifest, in: "app", tag: "1")
            registry.add(Fault(.chunked(by: 1), method: "GET", path: "/manifests/", skip: 1))
            try await withClient { client in
                for _ in 0..<2 {
                    let error = await #expect(throws: RegistryError.self) {
                        try await client.manifest(Reference("\(registry.host)/app:1"))
                    }
                    #expect(error?.kind == .tooLarge(limit: RegistryClient.maximumManifestSize))
                }
            }
        }
    }

    @Test("an index is decoded as one, and its media type holds against the document's own") func decoding() throws {
        let image = try Image()
        let index = Index(manifests: [image.descriptor])
        let bytes = try JSON.encode(index)
        #expect(try fetched(bytes, .ociIndex).content() == .index(index))
        #expect(throws: ManifestError.self) { try fetched(bytes, .ociManifest).content() }
        #expect(throws: ManifestError.self) { try fetched(bytes, .dockerManifestList).content() }
        #expect(try fetched(image.manifest, .ociManifest).content() != .index(index))
    }

    @Test(
        "a document with two meanings, or none, is refused with the reason",
        arguments: [
            (MediaType.ociIndex, #"{"schemaVersion":2,"manifests":[],"layers":[]}"#, "layers"),
            (.ociManifest, #"{"schemaVersion":2,"manifests":[],"layers":[]}"#, "manifests"),
            (.ociManifest, #"{"schemaVersion":2,"layers":[]}"#, "config"),
            (
                .ociIndex, #"{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"sha256:1","size":1}]}"#,
                "\"sha256:1\" is not a digest"
            ),
            (.ociIndex, #"{"schemaVersion":2,"manifests":7}"#, "manifests"), (.ociIndex, "{", "JSON"),
            (.ociLayer, "{}", "not an image"),
        ])
    func refused(type: MediaType, text: String, reason: String) {
        let error = #expect(throws: ManifestError.self) { try fetched(Array(text.utf8), type).content() }
        #expect(error.map { "\($0)".contains(reason) } == true, "\(String(describing: error))")
    }

    @Test("a registry that names another digest than the bytes have has not published them") func otherDigest()
        async throws
    {
        try await TestRegistry.with { registry in
            let image = try Image()
            let other = Digest.sha256(of: "other")
            registry.add(Fault(.header("Docker-Content-Digest", other.description), method: "PUT", path: "/manifests/"))
            try await withClient { client in
                let name = try Reference("\(registry.host)/app:1")
                let error = await #expect(throws: RegistryError.self) {
                    try await client.putManifest(image.manifest, mediaType: .ociManifest, to: name)
                }
                #expect(error?.kind == .digestMismatch(expected: image.descriptor.digest, actual: other))
                // Nothing is sent for a digest that is not that of the bytes.
                registry.clearRequests()
                await #expect(throws: RegistryError.self) {
                    try await client.putManifest(image.manifest, mediaType: .ociManifest, to: name.with(digest: other))
                }
                #expect(registry.requests.isEmpty)
            }
        }
    }

    private func fetched(_ bytes: [UInt8], _ type: MediaType) -> FetchedManifest {
        FetchedManifest(
            descriptor: Descriptor(mediaType: type, digest: .sha256(of: bytes), size: Int64(bytes.count)), bytes: bytes)
    }
}
