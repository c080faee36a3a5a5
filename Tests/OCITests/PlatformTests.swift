// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Testing

@Suite("Platform")
struct PlatformTests {
    @Test(
        "every spelling gives the canonical platform",
        arguments: [
            ("linux/amd64", "linux/amd64"), ("amd64", "linux/amd64"), ("x86_64", "linux/amd64"),
            ("linux/x86-64", "linux/amd64"), ("linux/amd64/v1", "linux/amd64"), ("linux/amd64/v3", "linux/amd64/v3"),
            ("linux/i386", "linux/386"), ("i686", "linux/386"), ("linux/arm64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"), ("linux/arm64/8", "linux/arm64"), ("linux/arm64/armv8", "linux/arm64"),
            ("linux/arm64/v8.2", "linux/arm64/v8.2"), ("aarch64", "linux/arm64"), ("arm64v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"), ("linux/arm/7", "linux/arm/v7"), ("linux/arm/armv6", "linux/arm/v6"),
            ("arm/v7", "linux/arm/v7"), ("armhf/v6", "linux/arm/v6"), ("aarch64/v8", "linux/arm64"),
            ("amd64/v3", "linux/amd64/v3"),
            ("armhf", "linux/arm/v7"), ("armel", "linux/arm/v6"), ("armv7l", "linux/arm/v7"),
            ("arm32v5", "linux/arm/v5"), ("ppc64el", "linux/ppc64le"), ("mips64el", "linux/mips64le"),
            ("loongarch64", "linux/loong64"), ("Linux/ARM64", "linux/arm64"), ("s390x", "linux/s390x"),
            ("windows/amd64", "windows/amd64"), ("linux/riscv64/rva22u64", "linux/riscv64/rva22u64"),
        ])
    func spelling(text: String, canonical: String) throws {
        #expect(try Platform(text).description == canonical)
    }

    @Test(
        "a slip is refused with the nearest spelling",
        arguments: [
            ("linux/aarch6", "linux/aarch64"), ("linux/adm64", "linux/amd64"), ("linux/arm46", "linux/arm64"),
            ("linx/arm64", "linux/arm64"), ("linux/arm/v9", "linux/arm/v8"),
            ("x86", "linux/amd64 or linux/386"),
        ])
    func suggestion(text: String, suggestion: String) {
        #expect(throws: OCIError.unknownPlatform(text, suggestion: suggestion)) { try Platform(text) }
    }

    @Test(
        "what is no platform at all is refused", arguments: ["", "/", "linux/", "linux/arm64/v8/x", "banana", "a/b/c"])
    func refused(text: String) {
        #expect(throws: OCIError.self) { try Platform(text) }
    }

    @Test("an index gives the exact variant first, then older ones, never another architecture")
    func matching() throws {
        let index = try Index(manifests: [
            entry("linux/amd64", "a"), entry("linux/arm/v5", "b"), entry("linux/arm/v6", "c"),
            entry("linux/arm64", "d"),
        ])
        #expect(index.manifest(for: try Platform("linux/arm/v7"))?.size == 3)
        #expect(index.manifest(for: try Platform("linux/arm/v5"))?.size == 2)
        #expect(index.manifest(for: try Platform("linux/arm64/v8.2"))?.size == 4)
        #expect(index.manifest(for: try Platform("linux/386")) == nil)
        #expect(index.manifest(for: try Platform("linux/s390x")) == nil)
    }

    private func entry(_ platform: String, _ content: String) throws -> Descriptor {
        let order: Int64 = ["a": 1, "b": 2, "c": 3, "d": 4][content] ?? 0
        return Descriptor(
            mediaType: .ociManifest, digest: Digest.sha256(of: content), size: order, platform: try Platform(platform))
    }
}
