// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import Testing

@Suite("Whom a finding hurts")
struct ListHarmTests {
    /// A list, the configs of its entries, and what a finding does to which platforms: `rule@entry kind platform`.
    struct Case: Sendable, CustomTestStringConvertible {
        var list: [String]
        var configs: [String?] = []
        var harms: [String]

        var testDescription: String { list.joined(separator: " ") }
    }

    @Test(
        "is told by what machines get and could get",
        arguments: [
            Case(list: ["linux/amd64", "linux/arm64"], harms: []),
            Case(list: ["linux/arm64/armv8"], harms: ["unmatchable@1 left-out linux/arm64"]),
            // Another entry serves them.
            Case(list: ["linux/arm64/armv8", "linux/arm64"], harms: []),
            Case(
                list: ["linux/arm64/armv8", "linux/arm/v7"],
                harms: ["unmatchable@1 slower linux/arm64"]),
            Case(
                list: ["linux/arm"], configs: ["linux/arm/v6"], harms: ["missing-variant@1 left-out linux/arm/v6"]),
            Case(
                list: ["linux/arm"],
                harms: ["missing-variant@1 left-out linux/arm/v5", "missing-variant@1 left-out linux/arm/v6"]),
            Case(
                list: ["linux/amd64"], configs: ["linux/s390x"],
                harms: ["config-disagrees@1 left-out linux/s390x", "config-disagrees@1 wrong-image linux/amd64"]),
            Case(
                list: ["linux/aarch64", "linux/amd64"], harms: ["spelling@1 left-out linux/arm64"]),
            Case(
                list: ["linux/arm/v7", "linux/arm/v6"], harms: []),
            Case(
                list: ["linux/arm/v6", "linux/arm/v7"],
                harms: ["hidden-match@2 slower linux/arm/v7"]),
            Case(list: ["linux/riscv64/rva22u64"], harms: ["unmatchable@1 left-out linux/riscv64"]),
            Case(list: ["-"], configs: ["linux/s390x"], harms: ["missing-platform@1 left-out linux/s390x"]),
            Case(list: ["linux/x86"], harms: []),
        ])
    func table(_ test: Case) throws {
        let linter = ListLinter(try Fixture.written(test.list), children: Fixture.configs(test.configs))
        let harms = ListHarms(linter)
        let found = linter.findings().flatMap { finding in
            harms.harms(of: finding).map { harm in
                let entry = finding.entry.map { $0 + 1 } ?? 0
                return "\(finding.rule.rawValue)@\(entry) \(harm.kind.rawValue) \(harm.machine.platform)"
            }
        }
        #expect(Set(found).sorted() == test.harms)
    }

    @Test("a manifest that is gone or cannot be read fails those who are sent to it")
    func gone() throws {
        let linter = ListLinter(
            try Fixture.written(["linux/s390x", "linux/amd64"]),
            children: [
                Fixture.digest(0): ChildFacts(exists: false),
                Fixture.digest(1): ChildFacts(exists: true, flaw: "its config is gone"),
            ])
        let findings = linter.findings()
        #expect(findings.map(\.rule) == [.missingChild, .unreadableChild])
        #expect(findings.last?.message == "its config is gone")
        let harms = findings.map { ListHarms(linter).harms(of: $0) }
        #expect(harms[0].map(\.machine.platform.description) == ["linux/s390x"])
        #expect(harms.flatMap { $0 }.allSatisfy { $0.kind == .pullFails })
        #expect(linter.fix().list.entries.map(\.digest) == [Fixture.digest(1)])
        #expect(linter.fix().remaining.map(\.rule) == [.unreadableChild])
    }

    @Test("is found out soon for a list of thousands")
    func large() throws {
        let names = (0..<3000).map { "linux/\(["arm", "armv8", "amd64", "x86"][$0 % 4])/v\($0 % 11)" }
        let linter = ListLinter(try Fixture.written(names))
        let harms = ListHarms(linter)
        #expect(linter.findings().map { harms.harms(of: $0).count }.count >= 3000)
    }
}

@Suite("Lists as they are written")
struct WrittenIndexTests {
    @Test("lose nothing when something in them is repaired")
    func lossless() throws {
        let digest = Fixture.digest(0)
        let text =
            #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","extra":[1,null,{"a":1.5}],"#
            + #""annotations":{"a":7},"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","#
            + #""digest":"\#(digest)","size":5,"data":"e30=","platform":{"os":"linux","architecture":"arm64","#
            + #""variant":"armv8","features":["sse"]}}]}"#
        let list = try Fixture.decode(text)
        let fixed = ListLinter(list).fix()
        #expect(fixed.changes.map(\.repair.description) == ["write linux/arm64"])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let again = try encoder.encode(fixed.list)
        let wanted = try encoder.encode(Fixture.decode(text.replacing(#""variant":"armv8","#, with: "")))
        #expect(again == wanted)
        #expect(String(decoding: again, as: UTF8.self).contains(#""features":["sse"]"#))
        #expect(String(decoding: again, as: UTF8.self).contains(#""annotations":{"a":7}"#))
    }

    @Test(
        "are read whatever stands in them",
        arguments: [
            "{}", #"{"manifests":7}"#, #"{"manifests":["x",null,{}]}"#, #"{"schemaVersion":"2","mediaType":5}"#,
            #"{"manifests":[{"platform":"linux/amd64","annotations":[1],"size":-1,"digest":{}}]}"#,
            #"{"manifests":[{"platform":{"os":3,"architecture":null,"variant":"","os.features":[1]}}]}"#,
        ])
    func lenient(text: String) throws {
        let fixed = ListLinter(try Fixture.decode(text)).fix()
        #expect(fixed.list.schemaVersion == 2)
        #expect(fixed.remaining.contains { $0.rule == .emptyList })
        #expect(throws: (any Error).self) { try Fixture.decode("[]") }
    }

    @Test("are no images at the same time")
    func ambiguous() throws {
        let list = try Fixture.decode(
            #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","layers":[],"manifests":[]}"#)
        let linter = ListLinter(list)
        #expect(linter.findings().map(\.rule).contains(.ambiguousDocument))
        #expect(linter.fix().list.other.isEmpty)
    }
}
