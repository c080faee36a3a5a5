// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import OCI
import Registry
import TestSupport
import Testing

@Suite struct AuthenticationTests {
    @Test("a token is fetched once for a scope and shown from then on") func bearer() async throws {
        try await TestRegistry.with(authentication: .bearer(username: "jane", password: "secret")) { registry in
            let credentials = FixedCredentials([registry.host: .password(username: "jane", Secret("secret"))])
            try await withClient(credentials: credentials) { client in
                let image = try await Image.push(with: client, to: registry.host)
                try await image.expectPull(with: client, from: registry.host)
            }
            let tokens = registry.requests.filter { $0.target.hasPrefix("/token") }
            #expect(tokens.count == 2)
            #expect(
                tokens.first?.target.contains("service=test%20registry&scope=repository%3Aapp%3Apull%2Cpush") == true)
        }
    }

    @Test("anybody may get a token where the registry says so") func anonymousBearer() async throws {
        try await TestRegistry.with(authentication: .bearer(username: nil, password: nil)) { registry in
            let image = try Image.put(into: registry)
            try await withClient { client in try await image.expectPull(with: client, from: registry.host) }
            #expect(registry.requests.contains { $0.target.hasPrefix("/token") && $0.headers["authorization"] == nil })
        }
    }

    @Test("many requests at once share one token request") func sharedToken() async throws {
        try await TestRegistry.with(authentication: .bearer(username: nil, password: nil)) { registry in
            let image = try Image.put(into: registry)
            try await withClient { client in
                let name = try Reference("\(registry.host)/app:1")
                try await withThrowingTaskGroup(of: Descriptor.self) { group in
                    for _ in 0..<8 { group.addTask { try await client.resolve(name) } }
                    for try await descriptor in group { #expect(descriptor == image.descriptor) }
                }
            }
            #expect(registry.requests.filter { $0.target.hasPrefix("/token") }.count == 1)
        }
    }

    @Test("a token that expires in the middle of a push is replaced") func expiredToken() async throws {
        try await TestRegistry.with(authentication: .bearer(username: nil, password: nil)) { registry in
            let image = try Image()
            try await withClient { client in
                let name = try Reference("\(registry.host)/app:1")
                _ = try await client.pushBlob(image.layer, from: .bytes(image.layerBytes), to: name)
                registry.expireTokens()
                _ = try await client.pushBlob(image.config, from: .bytes(image.configBytes), to: name)
                registry.expireTokens()
                try await client.putManifest(image.manifest, mediaType: .ociManifest, to: name)
            }
            #expect(registry.manifest("1", in: "app") == image.manifest)
        }
    }

    @Test("a token that is about to expire is replaced before it is shown") func shortLivedToken() async throws {
        let authentication = TestRegistry.Authentication.bearer(username: nil, password: nil, lifetime: 1)
        try await TestRegistry.with(authentication: authentication) { registry in
            _ = try Image.put(into: registry)
            try await withClient { client in
                let name = try Reference("\(registry.host)/app:1")
                _ = try await client.resolve(name)
                try await Task.sleep(for: .seconds(1))
                registry.expireTokens()
                registry.clearRequests()
                _ = try await client.resolve(name)
            }
            #expect(registry.requests.map(\.method) == ["GET", "HEAD"])
        }
    }

    @Test("an identity token buys tokens") func identityToken() async throws {
        try await TestRegistry.with(authentication: .bearer(username: "jane", password: "secret")) { registry in
            let image = try Image.put(into: registry)
            let credentials = FixedCredentials([registry.host: .identityToken(Secret("identity"))])
            try await withClient(credentials: credentials) { client in
                try await image.expectPull(with: client, from: registry.host)
            }
            #expect(registry.requests.contains { $0.method == "POST" && $0.target == "/token" })
        }
    }

    @Test("who logs in may get an identity token for the password, and learns whether anybody asked") func recognition()
        async throws
    {
        try await TestRegistry.with(authentication: .bearer(username: "jane", password: "secret")) { registry in
            let jane = FixedCredentials([registry.host: .password(username: "jane", Secret("secret"))])
            var configuration = RegistryConfiguration()
            for wants in [false, true] {
                configuration.asksForIdentityToken = wants
                try await withClient(credentials: jane, configuration: configuration) { client in
                    let recognition = try await client.authenticate(at: registry.host)
                    #expect(recognition.wasAsked)
                    #expect(recognition.identityToken == (wants ? .identityToken(Secret("identity")) : nil))
                }
            }
        }
        try await TestRegistry.with { registry in
            try await withClient { client in
                let recognition = try await client.authenticate(at: registry.host)
                #expect(recognition.wasAsked == false)
            }
        }
    }

    @Test(
        "wrong or missing credentials are one clear error",
        arguments: [
            TestRegistry.Authentication.basic(username: "jane", password: "secret"),
            .bearer(username: "jane", password: "secret"),
        ], [nil, "swordfish"])
    func refusal(authentication: TestRegistry.Authentication, password: String?) async throws {
        try await TestRegistry.with(authentication: authentication) { registry in
            let credentials = FixedCredentials(
                password.map { [registry.host: .password(username: "jane", Secret($0))] } ?? [:])
            try await withClient(credentials: credentials) { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.manifest(Reference("\(registry.host)/app:1"))
                }
                #expect(error?.kind == .unauthorized)
                #expect(error?.attempts == 1)
                #expect(error?.remedy?.contains("manifold login") == true)
                #expect(error.map { "\($0)\(dumped($0))".contains("swordfish") } == false)
            }
            #expect(registry.requests.count <= 5)
        }
    }

    @Test("credentials stay with their registry when it redirects to another host") func redirect() async throws {
        try await TestRegistry.with { storage in
            let blob = storage.putBlob([1, 2, 3], in: "elsewhere")
            try await TestRegistry.with(authentication: .basic(username: "jane", password: "secret")) { registry in
                let target = "http://\(storage.host)/v2/elsewhere/blobs/\(blob.digest)?signature=x"
                registry.putBlob([1, 2, 3], in: "app")
                registry.add(
                    Fault(.status(307, headers: ["Location": target]), method: "GET", path: "/blobs/", skip: 0))
                let credentials = FixedCredentials([registry.host: .password(username: "jane", Secret("secret"))])
                try await withClient(credentials: credentials) { client in
                    let bytes = try await client.pullBlob(blob, from: Reference("\(registry.host)/app"))
                    #expect(bytes == [1, 2, 3])
                }
                #expect(registry.requests.contains { $0.headers["authorization"] != nil })
            }
            #expect(storage.requests.count == 1)
            #expect(storage.requests.allSatisfy { $0.headers["authorization"] == nil })
        }
    }

    @Test("redirects in a circle end") func circle() async throws {
        try await TestRegistry.with { registry in
            let blob = registry.putBlob([1, 2, 3], in: "app")
            registry.add(
                Fault(.status(302, headers: ["Location": "?again"]), method: "GET", path: "/blobs/", times: .max))
            try await withClient { client in
                let error = await #expect(throws: RegistryError.self) {
                    try await client.pullBlob(blob, from: Reference("\(registry.host)/app"))
                }
                #expect(error?.kind == .malformedAnswer)
            }
            #expect(registry.requests.count < 12)
        }
    }

    @Test("a secret is never printed") func redaction() {
        let secret = Secret("swordfish")
        let credential = Credential.password(username: "jane", secret)
        for text in [
            "\(secret)", String(reflecting: secret), "\(credential)", dumped(credential), dumped([credential]),
        ] {
            #expect(!text.contains("swordfish"))
        }
    }

    private func dumped(_ value: Any) -> String {
        var text = ""
        dump(value, to: &text)
        return text
    }
}

@Suite struct ChallengeTests {
    struct Row: Sendable {
        var headers: [String]
        var expected: [Challenge]

        init(_ headers: String..., is expected: Challenge...) {
            self.headers = headers
            self.expected = expected
        }
    }

    @Test(
        "WWW-Authenticate headers are read",
        arguments: [
            Row(
                #"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push""#,
                is: Challenge(
                    scheme: "bearer",
                    parameters: [
                        "realm": "https://auth.example/token", "service": "registry.example",
                        "scope": "repository:a/b:pull,push",
                    ])),
            Row(#"Basic realm="a \"b\", c""#, is: Challenge(scheme: "basic", parameters: ["realm": #"a "b", c"#])),
            Row("BASIC Realm=x", is: Challenge(scheme: "basic", parameters: ["realm": "x"])),
            Row(
                #"Basic realm="x", Bearer realm = "y" , service=z"#,
                is: Challenge(scheme: "basic", parameters: ["realm": "x"]),
                Challenge(scheme: "bearer", parameters: ["realm": "y", "service": "z"])),
            Row(
                "Negotiate", "Basic realm=x", is: Challenge(scheme: "negotiate", parameters: [:]),
                Challenge(scheme: "basic", parameters: ["realm": "x"])),
            Row(
                "Negotiate abc==, Basic", is: Challenge(scheme: "negotiate", parameters: [:]),
                Challenge(scheme: "basic", parameters: [:])),
            Row(#"Bearer realm="never ends"#, is: Challenge(scheme: "bearer", parameters: [:])),
            Row("", " , ,, ", "=", "\"x\""),
        ])
    func parse(row: Row) {
        #expect(Challenge.parse(row.headers) == row.expected)
    }

    @Test("no header hangs or crashes the reader") func nonsense() {
        let pieces = ["Bearer", " ", "=", ",", "\"", "\\", "a", "\t", "é"]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let header = (0..<Int.random(in: 0..<20)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            #expect(Challenge.parse([header]).count <= 20)
        }
        #expect(Challenge.parse([String(repeating: "a=", count: 50_000)]).count <= 1)
    }
}
