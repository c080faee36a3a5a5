// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import OCI
import Registry
import Synchronization
import TestSupport
import Testing

@Suite struct UploadTests {
    private func push(
        _ pattern: Pattern, to registry: TestRegistry, piece: Int64? = nil,
        credentials: any CredentialSource = NoCredentials()
    ) async throws {
        var configuration = RegistryConfiguration()
        configuration.uploadChunkSize = piece
        try await withClient(credentials: credentials, configuration: configuration) { client in
            let outcome = try await client.pushBlob(
                pattern.descriptor, from: pattern.source, to: Reference("\(registry.host)/app"))
            #expect(outcome == .uploaded)
        }
        #expect(registry.blob(pattern.digest, in: "app")?.count == Int(pattern.size))
    }

    @Test("an upload that breaks goes on from where the registry is", arguments: [100_000, 1_500_000, 2_999_999])
    func resumed(bytes: Int) async throws {
        try await TestRegistry.with { registry in
            registry.add(Fault(.dropRequest(afterBytes: bytes), method: "PUT", path: "/blobs/uploads/"))
            try await push(Pattern(size: 3_000_000), to: registry)
            let methods = registry.requests.map(\.method)
            #expect(methods == ["GET", "HEAD", "POST", "PUT", "GET", "PUT"])
            #expect(registry.requests.last.map { $0.bodySize <= 3_000_000 - bytes } == true)
        }
    }

    @Test(
        "an upload that cannot go on is begun anew",
        arguments: [(0, true), (1, true), (100_000, false), (2_999_999, false)])
    func begunAnew(bytes: Int, resumes: Bool) async throws {
        try await TestRegistry.with { registry in
            if !resumes { registry.lack(.resumingUploads) }
            registry.add(Fault(.dropRequest(afterBytes: bytes), method: "PUT", path: "/blobs/uploads/"))
            try await push(Pattern(size: 3_000_000), to: registry)
            let posts = registry.requests.filter { $0.method == "POST" }.count
            #expect(bytes == 1 ? (1...2).contains(posts) : posts == 2)
        }
    }

    @Test("an upload that breaks again and again, but gets on, ends") func stubborn() async throws {
        try await TestRegistry.with { registry in
            registry.add(
                Fault(.dropRequest(afterBytes: 1_600_000), method: "PUT", path: "/blobs/uploads/", times: 7))
            try await push(Pattern(size: 16_000_000), to: registry)
            #expect(registry.allFaultsHappened)
        }
    }

    @Test("a blob is sent in pieces where that is wanted", arguments: [999_999, 1_000_000, 3_000_000, 4_000_000])
    func pieces(piece: Int64) async throws {
        try await TestRegistry.with { registry in
            try await push(Pattern(size: 3_000_000), to: registry, piece: piece)
            let patches = registry.requests.filter { $0.method == "PATCH" }
            #expect(patches.count == Int((3_000_000 - 1) / piece))
            #expect(patches.allSatisfy { $0.bodySize == Int(piece) })
            #expect(registry.requests.filter { $0.method == "PUT" }.count == 1)
        }
    }

    @Test("a registry that takes no large bodies gets pieces, ever smaller ones") func tooLarge() async throws {
        try await TestRegistry.with { registry in
            registry.add(Fault(.status(413, body: "<html>"), method: "PUT", path: "/blobs/uploads/"))
            registry.add(Fault(.status(413, body: "<html>"), method: "PATCH", path: "/blobs/uploads/"))
            try await push(Pattern(size: 9_000_000), to: registry)
            #expect(registry.allFaultsHappened)
            #expect(
                registry.requests.filter { $0.method == "PATCH" }.map(\.bodySize) == [4_500_000]
                    + Array(repeating: 2_250_000, count: 3))
        }
    }

    @Test(
        "each fault that passes, at each step of an upload in pieces, is got over",
        arguments: ["POST", "PATCH", "GET", "PUT"],
        [
            Fault.Action.status(408), .status(425), .status(429, headers: ["Retry-After": "0"]), .status(500),
            .status(503), .status(416), .status(404), .dropRequest(afterBytes: 0), .dropRequest(afterBytes: 500_000),
            .dropAnswer, .header("Range", "0-17"), .header("Range", "nonsense"), .without(header: "Location"),
        ])
    func pieceFaults(method: String, action: Fault.Action) async throws {
        try await TestRegistry.with { registry in
            // The question how far an upload has come is asked after a mishap only.
            if method == "GET" {
                registry.add(
                    Fault(.dropRequest(afterBytes: 300_000), method: "PATCH", path: "/blobs/uploads/", skip: 1))
            }
            registry.add(Fault(action, method: method, path: "/blobs/uploads/"))
            do {
                try await push(Pattern(size: 3_000_000), to: registry, piece: 1_000_000)
            } catch let error as RegistryError {
                // Not found when an upload begins is a refusal; an upload without an address is none.
                #expect(method == "POST", "\(error)")
                #expect([.notFound, .refused, .malformedAnswer].contains(error.kind), "\(error)")
                #expect(registry.blob(Pattern(size: 3_000_000).digest, in: "app") == nil)
            }
        }
    }

    @Test("a token that expires between two pieces, or in the middle of one, is replaced") func expiredToken()
        async throws
    {
        try await TestRegistry.with(authentication: .bearer(username: "jane", password: "fish")) { registry in
            let credentials = FixedCredentials([registry.host: .password(username: "jane", Secret("fish"))])
            var configuration = RegistryConfiguration()
            configuration.uploadChunkSize = 1_000_000
            let pattern = Pattern(size: 5_000_000)
            let due = Mutex<[Int64]>([1_000_000, 2_200_000, 4_500_000])
            try await withClient(credentials: credentials, configuration: configuration) { client in
                let outcome = try await client.pushBlob(
                    pattern.descriptor, from: pattern.source, to: Reference("\(registry.host)/app"),
                    progress: { count in
                        // Once each; what is sent again passes the same places.
                        let isDue = due.withLock { due in
                            guard let next = due.first, count >= next else { return false }
                            due.removeFirst()
                            return true
                        }
                        if isDue { registry.expireTokens() }
                    })
                #expect(outcome == .uploaded)
            }
            #expect(registry.blob(pattern.digest, in: "app")?.count == 5_000_000)
            #expect(registry.requests.filter { $0.method == "POST" && !$0.target.hasPrefix("/token") }.count == 1)
        }
    }

    @Test("a blob that was taken but is not there is an error, not a success") func lostBlob() async throws {
        try await TestRegistry.with { registry in
            registry.add(Fault(.status(202), method: "PUT", path: "/blobs/uploads/", times: .max))
            try await withClient { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.pushConfig([1, 2, 3], to: "\(registry.host)/app")
                }
                #expect(error?.kind == .malformedAnswer)
            }
        }
    }

    @Test("an upload to another host follows the registry there, without its credentials") func redirected()
        async throws
    {
        try await TestRegistry.with { storage in
            try await TestRegistry.with(authentication: .basic(username: "jane", password: "fish")) { registry in
                registry.add(
                    Fault(
                        .status(307, headers: ["Location": "http://\(storage.host)/v2/app/blobs/uploads/"]),
                        method: "POST"))
                let credentials = FixedCredentials([registry.host: .password(username: "jane", Secret("fish"))])
                try await withClient(credentials: credentials) { client in
                    let blob = try await client.pushConfig([1, 2, 3], to: "\(registry.host)/app")
                    #expect(storage.blob(blob.digest, in: "app") == [1, 2, 3])
                }
            }
            #expect(storage.requests.allSatisfy { $0.headers["authorization"] == nil })
        }
    }

    @Test("a registry that does not know OCI's media types is met with the flag that helps") func oldRegistry()
        async throws
    {
        try await TestRegistry.with { registry in
            let body = #"{"errors":[{"code":"MANIFEST_INVALID","message":"manifest invalid"}]}"#
            registry.add(Fault(.status(400, body: body), method: "PUT", path: "/manifests/", times: .max))
            try await withClient { client in
                for (type, helps) in [(MediaType.ociIndex, true), (.dockerManifestList, false)] {
                    let error = await #expect(throws: RegistryError.self) {
                        try await client.putManifest(
                            [1], mediaType: type, to: Reference("\(registry.host)/app:1"))
                    }
                    #expect(error?.kind == .refused)
                    #expect((error?.remedy?.contains("--oci-mediatypes=false") == true) == helps)
                }
            }
        }
    }
}
