// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI

/// Lists for the tests, written as short as tables want them.
enum Fixture {
    /// An image whose digest is made of its name.
    static func image(
        _ name: String, _ platform: String?, type: MediaType = .ociManifest, annotations: [String: String]? = nil
    ) throws -> Descriptor {
        Descriptor(
            mediaType: type, digest: Digest.sha256(of: name), size: 100, annotations: annotations,
            platform: try platform.map { try GivenPlatform($0).platform })
    }

    static func attestation(_ name: String, of subject: String?) -> Descriptor {
        var annotations = [EntryRole.referenceType: EntryRole.attestationManifest]
        annotations[EntryRole.referenceDigest] = subject.map { Digest.sha256(of: $0).description }
        return Descriptor(
            mediaType: .ociManifest, digest: Digest.sha256(of: name), size: 10, annotations: annotations,
            platform: Platform(os: "unknown", architecture: "unknown"))
    }

    static func index(_ platforms: String...) throws -> Index {
        Index(manifests: try platforms.map { try image($0, $0) })
    }

    /// A list as somebody else wrote it: `os/architecture[/variant]` letter for letter; `-` has no platform, `?N` attests
    /// entry N.
    static func written(
        _ platforms: [String], type: String = "application/vnd.oci.image.index.v1+json",
        child: MediaType = .ociManifest
    ) throws -> WrittenIndex {
        var entries: [String] = []
        for (position, text) in platforms.enumerated() {
            var members = [
                #""mediaType":"\#(child)""#, #""digest":"\#(digest(position))""#, #""size":100"#,
            ]
            if text.hasPrefix("?") {
                let subject = Int(text.dropFirst()).map(digest)
                members += [
                    #""platform":{"os":"unknown","architecture":"unknown"}"#,
                    #""annotations":{"vnd.docker.reference.type":"attestation-manifest","#
                        + #""vnd.docker.reference.digest":"\#(subject?.description ?? "")"}"#,
                ]
            } else if text != "-" {
                let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
                let variant = parts.count == 3 ? #","variant":"\#(parts[2])""# : ""
                members.append(#""platform":{"os":"\#(parts[0])","architecture":"\#(parts[1])"\#(variant)}"#)
            }
            entries.append("{" + members.joined(separator: ",") + "}")
        }
        return try decode(
            #"{"schemaVersion":2,"mediaType":"\#(type)","manifests":[\#(entries.joined(separator: ","))]}"#)
    }

    static func digest(_ position: Int) -> Digest { Digest.sha256(of: "child \(position)") }

    static func decode(_ json: String) throws -> WrittenIndex {
        try JSONDecoder().decode(WrittenIndex.self, from: Data(json.utf8))
    }

    /// A platform letter for letter.
    static func platform(_ text: String) -> WrittenPlatform {
        let parts = text.split(separator: "/").map(String.init)
        return WrittenPlatform(os: parts[0], architecture: parts[1], variant: parts.count > 2 ? parts[2] : nil)
    }

    /// Configs for the entries of `written`, in its order.
    static func configs(_ platforms: [String?]) -> [Digest: ChildFacts] {
        var facts: [Digest: ChildFacts] = [:]
        for (position, text) in platforms.enumerated() {
            facts[digest(position)] = ChildFacts(exists: true, size: 100, config: text.map(platform))
        }
        return facts
    }
}
