// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI

/// What a person can do about findings: the commands, with the names in them.
struct ListMending {
    let place: ListPlace
    let kind: ReadList.Kind
    let list: WrittenIndex

    /// Whether `manifest fix` can do something at all: an image's platform is in its config.
    var repairs: Bool { kind == .list }

    /// The command that mends a finding, or helps to.
    func command(for finding: ListFinding) -> String? {
        guard repairs else {
            guard case .setPlatform(let platform) = finding.repair else { return nil }
            return "manifold build --platform \(platform) …"
        }
        if finding.repair != nil { return "manifold manifest fix \(place.word)" }
        let entry = finding.digest.map { "\(place.word) \($0)" }
        switch finding.rule {
        case .emptyList: return "manifold manifest add \(place.word) IMAGE"
        case .missingVariant, .duplicatePlatform:
            return entry.map { "manifold manifest annotate \($0) --variant VARIANT" }
        case .missingPlatform, .unmatchable:
            return entry.map { "manifold manifest annotate \($0) --os linux --arch ARCHITECTURE" }
        case .configDisagrees: return "manifold manifest fix --trust-configs \(place.word)"
        case .unreadableChild: return entry.map { "manifold manifest remove \($0)" }
        case .schemaVersion, .missingMediaType, .ambiguousDocument, .mixedMediaTypes, .missingDigest, .missingSize,
            .wrongSize, .wrongMediaType, .missingChild, .spelling, .hiddenMatch, .nestedList, .orphanAttestation,
            .attestations:
            return nil
        }
    }

    /// What to do, in words.
    func advice(for finding: ListFinding) -> String? {
        repairs ? finding.advice : "build the image again, naming the platform"
    }
}
