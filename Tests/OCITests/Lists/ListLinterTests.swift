// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import Testing

@Suite("ListLinter")
struct ListLinterTests {
    /// A list, the configs of its entries, what is found (`rule@entry`, from 1), and the platforms after `fix`.
    struct Case: Sendable, CustomTestStringConvertible {
        var list: [String]
        var configs: [String?] = []
        var trust: ListLinter.Trust = .neither
        var found: [String]
        var fixed: [String]
        var remaining: [String] = []

        var testDescription: String { list.joined(separator: " ") }
    }

    @Test(
        "finds what is wrong, and repairs what can be",
        arguments: [
            Case(list: ["linux/amd64", "linux/arm64/v8"], found: [], fixed: ["linux/amd64", "linux/arm64"]),
            Case(list: ["linux/arm64/armv8"], found: ["unmatchable@1"], fixed: ["linux/arm64"]),
            Case(list: ["linux/armv7l"], found: ["unmatchable@1"], fixed: ["linux/arm/v7"]),
            Case(list: ["linux/arm/armv6"], found: ["unmatchable@1"], fixed: ["linux/arm/v6"]),
            // Another entry serves those machines today; the one that nobody got goes.
            Case(
                list: ["linux/arm64/armv8", "linux/arm64"], found: ["unmatchable@1"], fixed: ["linux/arm64"]),
            Case(
                list: ["linux/arm64/armv8"], configs: ["linux/amd64"], found: ["unmatchable@1"],
                fixed: ["linux/arm64"], remaining: ["unmatchable@1"]),
            Case(
                list: ["linux/arm64/armv8"], configs: ["linux/amd64"], trust: .config, found: ["unmatchable@1"],
                fixed: ["linux/amd64"]),
            Case(
                list: ["linux/arm/v9"], configs: ["linux/arm/v6"], found: ["unmatchable@1"], fixed: ["linux/arm/v6"]),
            Case(
                list: ["linux/arm/v9"], found: ["unmatchable@1"], fixed: ["linux/arm/v9"], remaining: ["unmatchable@1"]),
            Case(
                list: ["linux/arm/v9"], configs: ["linux/amd64"], found: ["unmatchable@1"], fixed: ["linux/arm/v9"],
                remaining: ["unmatchable@1"]),
            Case(list: ["linux/x86"], found: ["unmatchable@1"], fixed: ["linux/x86"], remaining: ["unmatchable@1"]),
            Case(
                list: ["linux/riscv64/rva22u64"], found: ["unmatchable@1"], fixed: ["linux/riscv64/rva22u64"],
                remaining: ["unmatchable@1"]),
            Case(list: ["linux/aarch64"], found: ["spelling@1"], fixed: ["linux/arm64"]),
            Case(
                list: ["linux/x86_64", "Linux/ARM/7"], found: ["spelling@1", "spelling@2"],
                fixed: ["linux/amd64", "linux/arm/v7"]),
            Case(list: ["linux/armhf"], found: ["spelling@1"], fixed: ["linux/arm/v7"]),
            Case(
                list: ["linux/arm"], found: ["missing-variant@1"], fixed: ["linux/arm/v7"],
                remaining: ["missing-variant@1"]),
            Case(list: ["linux/arm"], configs: ["linux/arm/v7"], found: ["missing-variant@1"], fixed: ["linux/arm/v7"]),
            Case(list: ["linux/arm"], configs: ["linux/arm/v6"], found: ["missing-variant@1"], fixed: ["linux/arm/v6"]),
            // Read as v7, it is no duplicate of what really is v7; but it has to stand behind it.
            Case(
                list: ["linux/arm", "linux/arm/v7"], configs: ["linux/arm/v6", "linux/arm/v7"],
                found: ["missing-variant@1", "hidden-match@2"], fixed: ["linux/arm/v7", "linux/arm/v6"]),
            Case(
                list: ["linux/arm", "linux/arm/v6"], configs: ["linux/arm/v6", "linux/arm/v6"],
                found: ["missing-variant@1"], fixed: ["linux/arm/v7", "linux/arm/v6"], remaining: ["missing-variant@1"]),
            // Three variants as docker manifest annotate left them: configs tell which is which, or a person has to.
            Case(
                list: ["linux/arm", "linux/arm", "linux/arm"],
                configs: ["linux/arm/v5", "linux/arm/v6", "linux/arm/v7"],
                found: [
                    "missing-variant@1", "missing-variant@2", "hidden-match@2", "missing-variant@3", "hidden-match@3",
                ], fixed: ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]),
            Case(
                list: ["linux/arm", "linux/arm"],
                found: ["missing-variant@1", "missing-variant@2", "duplicate-platform@2"],
                fixed: ["linux/arm/v7", "linux/arm/v7"],
                remaining: ["missing-variant@1", "missing-variant@2", "duplicate-platform@2"]),
            Case(list: ["linux/amd64", "linux/amd64"], found: ["duplicate-platform@2"], fixed: ["linux/amd64"]),
            Case(
                list: ["linux/amd64", "linux/x86_64"], found: ["spelling@2", "duplicate-platform@2"],
                fixed: ["linux/amd64"]),
            Case(
                list: ["linux/amd64"], configs: ["linux/arm64"], found: ["config-disagrees@1"], fixed: ["linux/amd64"],
                remaining: ["config-disagrees@1"]),
            Case(
                list: ["linux/amd64"], configs: ["linux/arm64"], trust: .config, found: ["config-disagrees@1"],
                fixed: ["linux/arm64"]),
            Case(
                list: ["linux/amd64", "linux/arm64"], configs: ["linux/arm64", "linux/arm64"], trust: .config,
                found: ["config-disagrees@1"], fixed: ["linux/amd64", "linux/arm64"], remaining: ["config-disagrees@1"]),
            Case(
                list: ["linux/arm/v6"], configs: ["linux/arm/v7"], found: ["config-disagrees@1"],
                fixed: ["linux/arm/v6"], remaining: ["config-disagrees@1"]),
            Case(list: ["linux/arm/v6"], configs: ["linux/arm"], found: [], fixed: ["linux/arm/v6"]),
            Case(list: ["linux/arm64"], configs: ["linux/arm64/v8"], found: [], fixed: ["linux/arm64"]),
            Case(
                list: ["linux/arm/v6", "linux/amd64", "linux/arm/v7"], found: ["hidden-match@3"],
                fixed: ["linux/arm/v7", "linux/amd64", "linux/arm/v6"]),
            Case(list: ["linux/386", "linux/amd64"], found: ["hidden-match@2"], fixed: ["linux/amd64", "linux/386"]),
            Case(
                list: ["linux/arm/v7", "linux/s390x", "linux/arm64", "linux/arm64/v8.2"],
                found: ["hidden-match@3", "hidden-match@4"],
                fixed: ["linux/arm64/v8.2", "linux/s390x", "linux/arm64", "linux/arm/v7"]),
            Case(list: ["-"], found: ["missing-platform@1"], fixed: ["-"], remaining: ["missing-platform@1"]),
            Case(list: ["-"], configs: ["linux/s390x"], found: ["missing-platform@1"], fixed: ["linux/s390x"]),
            Case(
                list: ["unknown/unknown", "linux/amd64"], found: ["missing-platform@1"],
                fixed: ["unknown/unknown", "linux/amd64"], remaining: ["missing-platform@1"]),
            Case(
                list: ["linux/amd64", "?0"], found: ["attestations@0"], fixed: ["linux/amd64", "unknown/unknown"]),
            Case(
                list: ["linux/amd64", "?7", "?"],
                found: ["attestations@0", "orphan-attestation@2", "orphan-attestation@3"], fixed: ["linux/amd64"]),
            // What goes takes its attestations with it.
            Case(
                list: ["linux/amd64", "linux/amd64", "?1"], found: ["attestations@0", "duplicate-platform@2"],
                fixed: ["linux/amd64"]),
            Case(list: [], found: ["empty-list@0"], fixed: [], remaining: ["empty-list@0"]),
            Case(
                list: ["?0"], found: ["empty-list@0", "attestations@0", "orphan-attestation@1"], fixed: [],
                remaining: ["empty-list@0"]),
        ])
    func table(_ test: Case) throws {
        let linter = ListLinter(
            try Fixture.written(test.list), children: Fixture.configs(test.configs), trust: test.trust)
        #expect(linter.findings().map(Self.name) == test.found)
        let fixed = linter.fix()
        #expect(fixed.index.manifests.map { $0.platform?.description ?? "-" } == test.fixed)
        #expect(fixed.remaining.map(Self.name) == test.remaining)
        for finding in fixed.remaining { #expect(finding.advice != nil && finding.repair == nil) }
        // What was fixed stays fixed.
        let written = try JSONDecoder().decode(WrittenIndex.self, from: JSONEncoder().encode(fixed.list))
        #expect(written == fixed.list)
        let again = ListLinter(written, children: Fixture.configs(test.configs), trust: test.trust)
        #expect(again.fix().list == fixed.list)
    }

    @Test("knows by the manifests what the list has wrong or has not")
    func children() throws {
        let list = try Fixture.written(["linux/amd64", "linux/arm64", "linux/s390x", "?0", "?1"])
        let linter = ListLinter(
            list,
            children: [
                Fixture.digest(0): ChildFacts(exists: false),
                Fixture.digest(1): ChildFacts(exists: true, mediaType: .dockerManifest, size: 7),
            ])
        #expect(
            linter.findings().map(Self.name) == [
                "attestations@0", "missing-child@1", "wrong-size@2", "wrong-media-type@2",
            ])
        let fixed = linter.fix()
        #expect(fixed.index.manifests.map(\.digest) == [1, 2, 4].map(Fixture.digest))
        #expect(fixed.index.manifests[0].size == 7)
        #expect(fixed.index.manifests[0].mediaType == .dockerManifest)
        #expect(
            fixed.changes.map(\.repair) == [.remove, .setSize(7), .setMediaType(.dockerManifest), .remove])
        #expect(fixed.remaining.map(\.rule) == [.mixedMediaTypes])
    }

    @Test("judges documents that lack what they must have")
    func incomplete() throws {
        let digest = Fixture.digest(0)
        let list = try Fixture.decode(
            #"{"manifests":[{"platform":{"os":"linux","architecture":"amd64"}},"#
                + #"{"digest":"sha256:zz","size":"big","mediaType":"x","platform":{"os":"linux","architecture":"386"}},"#
                + #"{"digest":"\#(digest)","platform":{"os":"linux","architecture":"s390x"}}]}"#)
        let blind = ListLinter(list)
        let rules = [
            "schema-version@0", "missing-media-type@0", "missing-digest@1", "missing-digest@2", "missing-size@3",
            "wrong-media-type@3",
        ]
        #expect(blind.findings().map(Self.name) == rules)
        #expect(blind.fix().remaining.map(Self.name) == ["missing-size@1", "wrong-media-type@1"])
        let seeing = ListLinter(
            list, children: [digest: ChildFacts(exists: true, mediaType: .ociManifest, size: 5)])
        let fixed = seeing.fix()
        #expect(fixed.remaining.isEmpty)
        #expect(fixed.index.schemaVersion == 2)
        #expect(fixed.index.mediaType == .ociIndex)
        #expect(fixed.index.manifests.map(\.size) == [5])
        #expect(try ListLinter(Fixture.decode("{}")).findings().map(\.rule).contains(.emptyList))
    }

    @Test("tells families of media types apart")
    func families() throws {
        let docker = MediaType.dockerManifestList.rawValue
        let mixed = ListLinter(try Fixture.written(["linux/amd64"], type: docker))
        #expect(mixed.findings().map(\.rule) == [.mixedMediaTypes])
        #expect(mixed.fix().index.mediaType == .ociIndex)
        let inOCI = ListLinter(try Fixture.written(["linux/amd64"], child: .dockerManifest))
        #expect(inOCI.findings().map(\.severity) == [.note])
        #expect(inOCI.fix().remaining.isEmpty)
        let pure = ListLinter(try Fixture.written(["linux/amd64"], type: docker, child: .dockerManifest))
        #expect(pure.findings().isEmpty)
        let nested = ListLinter(try Fixture.written(["-"], child: .ociIndex))
        #expect(nested.findings().map(\.rule) == [.nestedList])
    }

    @Test("takes version and features of Windows from the config")
    func windows() throws {
        let facts = ChildFacts(
            config: WrittenPlatform(
                os: "windows", architecture: "amd64", osVersion: "10.0.17763", osFeatures: ["win32k"]))
        let linter = ListLinter(
            try Fixture.written(["windows/amd64"]), children: [Fixture.digest(0): facts])
        #expect(linter.findings().map(\.rule) == [.configDisagrees])
        #expect(linter.fix().index.manifests[0].platform?.fullName == "windows(10.0.17763+win32k)/amd64")
        #expect(linter.fix().remaining.isEmpty)
    }

    @Test("is done with a list of thousands soon")
    func large() throws {
        let names = (0..<5000).map { "linux/\(["arm", "armv8", "amd64", "x86"][$0 % 4])/v\($0 % 11)" }
        let linter = ListLinter(try Fixture.written(names))
        #expect(linter.findings().count >= 5000)
        #expect(!linter.fix().index.manifests.isEmpty)
    }

    @Test("has a sentence for every rule and every finding", arguments: ListRule.allCases)
    func sentences(rule: ListRule) {
        #expect(!rule.summary.isEmpty)
        #expect(!rule.summary.hasSuffix("."))
    }

    private static func name(_ finding: ListFinding) -> String {
        "\(finding.rule.rawValue)@\(finding.entry.map { $0 + 1 } ?? 0)"
    }
}
