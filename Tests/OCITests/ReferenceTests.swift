// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Testing

@Suite("Reference")
struct ReferenceTests {
    static let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test(
        "names are normalised as Docker does",
        arguments: [
            ("alpine", "docker.io/library/alpine:latest", "alpine:latest"),
            ("alpine:3.20", "docker.io/library/alpine:3.20", "alpine:3.20"),
            ("me/app", "docker.io/me/app:latest", "me/app:latest"),
            ("docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest"),
            ("index.docker.io/library/alpine", "docker.io/library/alpine:latest", "alpine:latest"),
            ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
            ("localhost:5000/app:1", "localhost:5000/app:1", "localhost:5000/app:1"),
            ("127.0.0.1:5000/a/b/c:x_1.y-z", "127.0.0.1:5000/a/b/c:x_1.y-z", "127.0.0.1:5000/a/b/c:x_1.y-z"),
            ("[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest"),
            ("r.example/a__b/c--d/e.f", "r.example/a__b/c--d/e.f:latest", "r.example/a__b/c--d/e.f:latest"),
        ])
    func normalised(text: String, whole: String, familiar: String) throws {
        let reference = try Reference(text)
        #expect(reference.description == whole)
        #expect(reference.familiar == familiar)
        #expect(try Reference(whole) == reference)
    }

    @Test("a digest takes the place of the tag, and may stand beside it")
    func digests() throws {
        let bare = try Reference("r.example/app@\(Self.digest)")
        #expect(bare.tag == nil)
        #expect(bare.manifestReference == Self.digest)
        let both = try Reference("r.example/app:1@\(Self.digest)")
        #expect(both.tag == "1")
        #expect(both.manifestReference == Self.digest)
        #expect(both.description == "r.example/app:1@\(Self.digest)")
    }

    @Test(
        "text that is no reference is refused",
        arguments: [
            "", ":", "/", "a//b", "App", "r.example/App", "r.example/", "a:", "a:b:c", "a b", "-a", "a-", "a___b",
            "a..b", "a@sha256:1", "r.example:port/app", "r.example/app:\(String(repeating: "x", count: 129))",
            "../../etc/passwd", "http://r.example/app", "[::1/app", "é/app", String(repeating: "a/", count: 200) + "a",
        ])
    func refused(text: String) {
        #expect(throws: OCIError.self) { try Reference(text) }
    }
}
