// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import Testing

@Suite("ManifestSpec")
struct ManifestSpecTests {
    @Test(
        "a template gives way as manifest-tool's does",
        arguments: [
            ("foo/bar-OS-ARCH-VARIANT:v1", "linux/arm/v7", "foo/bar-linux-arm-v7:v1"),
            ("foo/bar-OS-ARCH-VARIANT:v1", "linux/amd64", "foo/bar-linux-amd64:v1"),
            ("foo/bar-ARCHVARIANT:v1", "linux/amd64", "foo/bar-amd64:v1"),
            ("foo/bar-ARCHVARIANT:v1", "linux/arm/v6", "foo/bar-armv6:v1"),
            ("foo/bar:ARCH", "windows/amd64", "foo/bar:amd64"), ("foo/bar:1", "linux/amd64", "foo/bar:1"),
            // All of each, and as written.
            ("foo/ARCH:ARCH", "linux/amd64", "foo/amd64:amd64"), ("foo/b-OS:OS", "Linux/x86_64", "foo/b-Linux:Linux"),
            // What a word brings is not looked at again.
            ("foo/ARCH:OS", "linux/OSx", "foo/OSx:linux"), ("foo/ARCH-VARIANT", "a/VARIANT/b", "foo/VARIANT-b"),
        ])
    func template(template: String, platform: String, image: String) throws {
        #expect(try ImageTemplate(template).image(for: platform) == image)
    }

    @Test("a template wants operating system and architecture", arguments: ["", "amd64", "a/b/c/d"])
    func badPlatform(text: String) {
        #expect(throws: OCIError.list(.templatePlatform(text))) { try ImageTemplate("x-ARCH").image(for: text) }
    }

    @Test("arguments make the spec that a file would")
    func arguments() throws {
        let spec = try ManifestSpec(
            platforms: ["linux/amd64", "linux/arm/v7"], template: "team/app-ARCHVARIANT:1", target: "team/app:1",
            tags: ["latest", "1"])
        #expect(spec.manifests.map(\.image) == ["team/app-amd64:1", "team/app-armv7:1"])
        #expect(spec.manifests[1].platform == SpecPlatform(os: "linux", architecture: "arm", variant: "v7"))
        #expect(try spec.references().map(\.familiar) == ["team/app:1", "team/app:latest"])
        #expect(throws: OCIError.list(.empty)) {
            try ManifestSpec(platforms: [], template: "x", target: "y")
        }
        #expect(throws: OCIError.self) {
            try ManifestSpec(platforms: ["a/b"], template: "x", target: "team/app", tags: ["no tag"]).references()
        }
    }

    @Test("has the keys of manifest-tool, in both spellings")
    func keys() throws {
        let json = #"""
            {"image": "team/app:1", "tags": ["latest"], "annotations": {"a": "b"}, "manifests": [
              {"image": "team/app-arm:1", "platform": {"architecture": "arm", "os": "linux", "variant": "v6"}},
              {"image": "team/app-win:1", "platform": {"architecture": "amd64", "os": "windows",
               "os.version": "10.0", "os.features": ["win32k"], "features": ["sse4"]}},
              {"image": "team/app-win:2", "platform": {"architecture": "amd64", "os": "windows",
               "osversion": "11.0", "osfeatures": ["x"]}},
              {"image": "team/app-any:1"}]}
            """#
        let spec = try JSONDecoder().decode(ManifestSpec.self, from: Data(json.utf8))
        #expect(spec.tags == ["latest"])
        #expect(spec.annotations == ["a": "b"])
        #expect(
            try spec.manifests.map { try $0.platform?.given(config: nil)?.platform.fullName } == [
                "linux/arm/v6", "windows(10.0+win32k)/amd64", "windows(11.0+x)/amd64", nil,
            ])
        let least = try JSONDecoder().decode(ManifestSpec.self, from: Data(#"{"image":"a"}"#.utf8))
        #expect(least == ManifestSpec(image: "a", manifests: []))
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(ManifestSpec.self, from: Data(#"{"tags":[]}"#.utf8))
        }
    }

    @Test(
        "what the file leaves out comes from the config, where it is of the same architecture",
        arguments: [
            (SpecPlatform(), "linux/arm/v6", nil), (SpecPlatform(os: "", architecture: ""), "linux/arm/v6", nil),
            (SpecPlatform(os: "linux", architecture: "arm"), "linux/arm/v6", "linux/arm/v6"),
            (SpecPlatform(architecture: "arm", variant: "v5"), "linux/arm/v6", "linux/arm/v5"),
            (SpecPlatform(variant: "v5"), "linux/arm/v6", "linux/arm/v5"),
            (SpecPlatform(os: "linux", architecture: "amd64"), "linux/arm/v6", "linux/amd64"),
            (SpecPlatform(os: "linux", architecture: "armv8"), "linux/arm64/v8", "linux/arm64"),
            (SpecPlatform(os: "linux", architecture: "arm"), nil, "linux/arm/v7"),
        ] as [(SpecPlatform, String?, String?)])
    func given(platform: SpecPlatform, config: String?, expected: String?) throws {
        #expect(try platform.given(config: config.map(Fixture.platform))?.platform.description == expected)
    }
}
