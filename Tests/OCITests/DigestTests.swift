// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Testing

@Suite("Digest")
struct DigestTests {
    static let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test("a well-formed digest keeps its text")
    func roundTrip() throws {
        #expect(try Digest(Self.empty).description == Self.empty)
        #expect(try Digest(Self.empty).short == "e3b0c44298fc")
    }

    @Test(
        "text that is no digest is refused",
        arguments: [
            "", "sha256", "sha256:", "sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e",
            "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
            "sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "sha256:../../../../../../../../../../../../../../../../../../../../etc/passwd", "sha256:\u{e9}",
        ])
    func refused(text: String) {
        #expect(throws: OCIError.invalidDigest(text)) { try Digest(text) }
    }

    @Test("bytes in one piece and in many give the same digest")
    func pieces() {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var digester = Digester()
        for start in stride(from: 0, to: bytes.count, by: 777) {
            digester.update(bytes[start..<min(start + 777, bytes.count)])
        }
        #expect(digester.digest() == Digest.sha256(of: bytes))
        #expect(digester.count == 100_000)
        #expect(Digest.sha256(of: "").description == Self.empty)
    }
}
