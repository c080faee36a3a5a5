// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Testing

@Suite("ListEditor")
struct ListEditorTests {
    private func platforms(_ index: Index) -> [String] {
        index.manifests.map { $0.isAttestation ? "attestation" : $0.platform?.fullName ?? "-" }
    }

    @Test("makes the same list of the same entries in whatever order they come")
    func deterministic() throws {
        var entries = try [
            "linux/arm/v6", "linux/amd64", "windows(10.0.17763)/amd64", "linux/arm64", "linux/386", "linux/arm/v7",
            "linux/amd64/v3", "windows(10.0.20348)/amd64", "linux/s390x", "linux/riscv64",
        ].map { ListEntry(asIs: try Fixture.image($0, $0)) }
        entries.append(ListEntry(asIs: Fixture.attestation("a", of: "linux/arm/v6")))
        entries.append(ListEntry(asIs: Fixture.attestation("b", of: "linux/amd64")))
        let first = try ListEditor(creating: entries).index
        #expect(
            platforms(first) == [
                "linux/amd64/v3", "linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/386",
                "linux/riscv64", "linux/s390x", "windows(10.0.20348)/amd64", "windows(10.0.17763)/amd64",
                "attestation", "attestation",
            ])
        #expect(first.manifests.suffix(2).map(\.digest) == [Digest.sha256(of: "b"), Digest.sha256(of: "a")])
        for _ in entries.indices {
            entries.append(entries.removeFirst())
            #expect(try ListEditor(creating: entries).index == first)
        }
        #expect(try ListEditor(creating: entries.reversed()).index == first)
    }

    @Test("refuses two images for one platform, and replaces one when told to")
    func collision() throws {
        let old = try Fixture.image("old", "linux/arm/v6")
        let new = try Fixture.image("new", "arm32v6")
        let platform = try Platform("linux/arm/v6")
        let problem = OCIError.list(.platformTaken(platform, by: old.digest, new: new.digest))
        #expect(problem.remedy?.contains("manifold manifest replace") == true)
        #expect(throws: problem) { try ListEditor(creating: [ListEntry(asIs: old), ListEntry(asIs: new)]) }
        let made = try ListEditor(creating: [ListEntry(asIs: old), ListEntry(asIs: new)], whenTaken: .replace)
        #expect(made.index.manifests == [new])

        var editor = ListEditor(
            Index(manifests: [old, try Fixture.image("other", "amd64"), Fixture.attestation("a", of: "old")]))
        #expect(throws: problem) { try editor.add(ListEntry(asIs: new)) }
        try editor.add(ListEntry(asIs: new), whenTaken: .replace)
        #expect(editor.index.manifests.map(\.digest) == [new.digest, Digest.sha256(of: "other")])
        #expect(editor.log.contains { $0.contains("replaced linux/arm/v6") })
        let before = editor.index
        try editor.add(ListEntry(asIs: new))
        #expect(editor.index == before)
    }

    @Test("keeps images of one platform apart by version and features of the operating system")
    func windows() throws {
        let editor = try ListEditor(
            creating: ["windows(1.0)/amd64", "windows(2.0)/amd64", "windows(2.0+x)/amd64"].map {
                ListEntry(asIs: try Fixture.image($0, $0))
            })
        #expect(editor.index.manifests.count == 3)
        let selector = try EntrySelector("windows/amd64")
        #expect(throws: OCIError.self) {
            var copy = editor
            try copy.remove(selector)
        }
        var copy = editor
        try copy.remove(try EntrySelector("windows(1.0)/amd64"))
        #expect(platforms(copy.index).contains("windows(1.0)/amd64") == false)
    }

    @Test("takes one manifest for two platforms")
    func oneForTwo() throws {
        var second = try Fixture.image("x", "linux/arm/v7")
        second.platform = try Platform("linux/arm/v6")
        let editor = try ListEditor(
            creating: [ListEntry(asIs: try Fixture.image("x", "linux/arm/v7")), ListEntry(asIs: second)])
        #expect(platforms(editor.index) == ["linux/arm/v7", "linux/arm/v6"])
    }

    @Test(
        "adds an entry where it neither hides nor is hidden",
        arguments: [
            (["linux/amd64", "linux/arm/v6"], "linux/arm/v7", ["linux/amd64", "linux/arm/v7", "linux/arm/v6"]),
            (["linux/arm/v7", "linux/amd64"], "linux/arm64", ["linux/arm64", "linux/amd64", "linux/arm/v7"]),
            (["linux/386", "linux/s390x"], "linux/amd64", ["linux/amd64", "linux/s390x", "linux/386"]),
            (["linux/s390x", "linux/amd64"], "linux/riscv64", ["linux/s390x", "linux/amd64", "linux/riscv64"]),
            (["linux/amd64"], "linux/amd64/v3", ["linux/amd64/v3", "linux/amd64"]),
            (["linux/arm64"], "linux/arm64/v9", ["linux/arm64/v9", "linux/arm64"]),
        ])
    func place(before: [String], new: String, after: [String]) throws {
        var editor = ListEditor(
            Index(
                manifests: try before.map { try Fixture.image($0, $0) } + [Fixture.attestation("a", of: before[0])]))
        try editor.add(ListEntry(asIs: try Fixture.image(new, new)))
        #expect(platforms(editor.index) == after + ["attestation"])
    }

    @Test("removes by platform, digest or reference, with what attested it")
    func remove() throws {
        let index = Index(manifests: [
            try Fixture.image("a", "amd64"), try Fixture.image("b", "arm64"), Fixture.attestation("aa", of: "a"),
            Fixture.attestation("bb", of: "b"),
        ])
        let digest = Digest.sha256(of: "a")
        for name in ["linux/amd64", "x86_64", digest.description, "registry.example/app@\(digest)"] {
            var editor = ListEditor(index)
            try editor.remove(try EntrySelector(name))
            #expect(editor.index.manifests.map(\.digest) == [Digest.sha256(of: "b"), Digest.sha256(of: "bb")])
            #expect(editor.log.count == 2)
        }
        var editor = ListEditor(index)
        #expect(
            throws: OCIError.list(.noSuchEntry("linux/s390x", available: ["linux/amd64", "linux/arm64"]))
        ) { try editor.remove(try EntrySelector("s390x")) }
        #expect(editor.index == index)
        #expect(throws: OCIError.self) { try EntrySelector("sha256:12") }
    }

    @Test("drops attestations when told to, and takes none whose image is not there")
    func attestations() throws {
        let image = try Fixture.image("a", "amd64")
        var editor = ListEditor(Index(manifests: [image, Fixture.attestation("aa", of: "a")]))
        editor.apply(.keep)
        #expect(editor.index.manifests.count == 2)
        editor.apply(.drop)
        #expect(editor.index.manifests == [image])
        for subject in ["b", nil] {
            let stray = ListEntry(asIs: Fixture.attestation("x", of: subject))
            let problem = OCIError.list(
                .withoutSubject(stray.descriptor.digest, subject: subject.map { Digest.sha256(of: $0) }))
            #expect(throws: problem) { try editor.add(stray) }
            #expect(throws: problem) { try ListEditor(creating: [ListEntry(asIs: image), stray]) }
        }
        // The attestation of an image that was replaced is no mistake.
        let made = try ListEditor(
            creating: [
                ListEntry(asIs: image), ListEntry(asIs: Fixture.attestation("aa", of: "a")),
                ListEntry(asIs: try Fixture.image("new", "amd64")),
            ], whenTaken: .replace)
        #expect(made.index.manifests.map(\.digest) == [Digest.sha256(of: "new")])
    }

    @Test("changes what the list says about an entry")
    func annotate() throws {
        var editor = ListEditor(try Fixture.index("linux/amd64", "linux/arm/v7", "linux/arm/v6"))
        let digest = Digest.sha256(of: "linux/arm/v6")
        try editor.annotate(.digest(digest), EntryChange(variant: "armv5", annotations: ["a": "1", "b": "2"]))
        #expect(platforms(editor.index) == ["linux/amd64", "linux/arm/v7", "linux/arm/v5"])
        #expect(editor.index.manifests[2].annotations == ["a": "1", "b": "2"])
        try editor.annotate(.digest(digest), EntryChange(annotations: ["a": nil, "b": nil]))
        #expect(editor.index.manifests[2].annotations == nil)
        try editor.annotate(.digest(digest), EntryChange(os: "windows", architecture: "amd64", osVersion: "10.0"))
        #expect(editor.index.manifests[2].platform?.fullName == "windows(10.0)/amd64")
        #expect(throws: OCIError.self) {
            try editor.annotate(.digest(digest), EntryChange(os: "linux", architecture: "arm", osVersion: ""))
        }
        #expect(throws: OCIError.unknownPlatform("windows/x86", suggestion: "windows/amd64 or windows/386")) {
            try editor.annotate(.digest(digest), EntryChange(architecture: "x86"))
        }
        // To where it must not stand: in front, since it suits more.
        var two = ListEditor(try Fixture.index("linux/arm/v7", "linux/arm/v6"))
        try two.annotate(
            .platform(try Platform("linux/arm/v6")), EntryChange(architecture: "arm64", annotations: ["x": "y"]))
        #expect(platforms(two.index) == ["linux/arm64", "linux/arm/v7"])
        #expect(two.index.manifests[0].annotations == ["x": "y"])
    }

    @Test("annotates the list, unless it is Docker's")
    func annotateList() throws {
        var editor = ListEditor(try Fixture.index("linux/amd64"))
        try editor.annotate(["a": "1", "b": "2"])
        try editor.annotate(["a": nil])
        #expect(editor.index.annotations == ["b": "2"])
        editor.convert(to: .docker)
        #expect(editor.index.annotations == nil)
        #expect(throws: OCIError.list(.notInDockerLists("annotations"))) { try editor.annotate(["a": "1"]) }
        #expect(throws: OCIError.list(.notInDockerLists("annotations"))) {
            try editor.annotate(.platform(try Platform("amd64")), EntryChange(annotations: ["a": "1"]))
        }
        #expect(throws: OCIError.list(.notInDockerLists("attestations"))) {
            try editor.add(ListEntry(asIs: Fixture.attestation("a", of: "linux/amd64")))
        }
    }

    @Test("makes Docker's list of an OCI index and back, and says what is lost")
    func convert() throws {
        var index = try Fixture.index("linux/amd64", "linux/arm64")
        index.manifests[0].annotations = ["a": "b"]
        index.annotations = ["c": "d"]
        index.manifests.append(Fixture.attestation("x", of: "linux/amd64"))
        index.manifests.append(
            Descriptor(
                mediaType: .ociManifest, digest: Digest.sha256(of: "sbom"), size: 1, artifactType: "application/spdx"))
        var editor = ListEditor(index)
        editor.convert(to: .docker)
        #expect(editor.index.mediaType == .dockerManifestList)
        #expect(platforms(editor.index) == ["linux/amd64", "linux/arm64"])
        #expect(editor.index.manifests.allSatisfy { $0.annotations == nil })
        #expect(editor.log.count == 4)
        editor.convert(to: .oci)
        #expect(editor.index.mediaType == .ociIndex)
        #expect(editor.index.format == .oci)
        #expect(throws: OCIError.list(.notInDockerLists("annotations"))) {
            try ListEditor(
                creating: [ListEntry(asIs: try Fixture.image("a", "amd64"))], format: .docker, annotations: ["a": "b"])
        }
        #expect(throws: OCIError.list(.empty)) { try ListEditor(creating: []) }
    }
}

@Suite("ListEntry")
struct ListEntryTests {
    private let bare = Descriptor(mediaType: .ociManifest, digest: Digest.sha256(of: "x"), size: 1)

    @Test(
        "has the platform given by hand, else the config's with what another list adds, else that list's",
        arguments: [
            (nil, "linux/amd64", nil, "linux/amd64", 0), ("linux/arm64", nil, nil, "linux/arm64", 0),
            ("linux/arm/v6", "linux/arm", nil, "linux/arm/v6", 0),
            ("linux/arm/v6", "linux/arm/v7", nil, "linux/arm/v7", 0),
            (nil, "linux/arm", nil, "linux/arm/v7", 1), ("linux/arm64", "linux/amd64", nil, "linux/amd64", 1),
            ("linux/arm64", "linux/arm64/v8", "linux/arm64", "linux/arm64", 0),
            (nil, "linux/amd64", "linux/arm/v6", "linux/arm/v6", 1), (nil, "linux/arm", "arm32v6", "linux/arm/v6", 1),
            (nil, nil, "linux/s390x", "linux/s390x", 0),
        ] as [(String?, String?, String?, String, Int)])
    func platform(listed: String?, config: String?, given: String?, expected: String, notes: Int) throws {
        var descriptor = bare
        descriptor.platform = try listed.map { try Platform($0) }
        let entry = try ListEntry(
            descriptor, config: config.map(Fixture.platform), given: try given.map { try GivenPlatform($0) })
        #expect(entry.descriptor.platform?.description == expected)
        #expect(entry.notes.count == notes)
    }

    @Test("of an image of which nothing says what it is for is refused")
    func unknown() {
        #expect(throws: OCIError.list(.noPlatform(bare.digest))) { try ListEntry(bare) }
        #expect(throws: OCIError.list(.noPlatform(bare.digest))) {
            try ListEntry(bare, config: WrittenPlatform(os: "", architecture: ""))
        }
    }

    @Test("of an artifact has its type and no platform")
    func artifact() throws {
        let config = Descriptor(
            mediaType: MediaType(rawValue: "application/vnd.oci.empty.v1+json"), digest: bare.digest, size: 2)
        var manifest = Manifest(config: config, layers: [])
        #expect(manifest.isArtifact)
        #expect(try ListEntry(bare, manifest: manifest).descriptor.artifactType == config.mediaType.rawValue)
        manifest.artifactType = "application/spdx"
        let entry = try ListEntry(bare, manifest: manifest)
        #expect(entry.descriptor.artifactType == "application/spdx")
        #expect(entry.descriptor.role == .artifact)
        #expect(try ListEditor(creating: [entry, entry]).index.manifests.count == 1)
    }

    @Test("of a list that is a source is what a client of the wanted platform gets, with its attestations")
    func selection() throws {
        let index = Index(manifests: [
            try Fixture.image("a", "amd64"), try Fixture.image("v6", "linux/arm/v6"),
            Fixture.attestation("aa", of: "a"),
            Fixture.attestation("66", of: "v6"),
        ])
        func names(_ descriptors: [Descriptor]) -> [Digest] { descriptors.map(\.digest) }
        func digests(_ names: String...) -> [Digest] { names.map { Digest.sha256(of: $0) } }
        #expect(try names(index.selection()) == digests("a", "v6", "aa", "66"))
        #expect(try names(index.selection(attestations: .drop)) == digests("a", "v6"))
        let v7 = try Platform("linux/arm/v7")
        #expect(try names(index.selection(of: [v7])) == digests("v6", "66"))
        #expect(try names(index.selection(of: [v7, v7], attestations: .drop)) == digests("v6"))
        #expect(
            throws: OCIError.list(.noSuchEntry("linux/arm64", available: ["linux/amd64", "linux/arm/v6"]))
        ) { try index.selection(of: [try Platform("arm64")]) }
    }
}
