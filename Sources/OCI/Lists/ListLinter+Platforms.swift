// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension ListLinter {
    /// What is wrong with the platform of an image. At most one finding about how it is written, and one about the config.
    func platformFindings(_ entry: WrittenEntry, at position: Int, taken: [Slot: Int]) -> [ListFinding] {
        let config = entry.digest.flatMap { children[$0]?.config }.flatMap { $0.isUnknown ? nil : $0 }
        guard let written = entry.platform, !written.isUnknown else {
            let name = entry.platform.map { "it is for \($0)" } ?? "it has no platform"
            return [
                finding(
                    .missingPlatform, .error, "\(name), so that no client gets it", at: position,
                    repair: config.flatMap { repair(to: $0.platform, taken: taken, at: position) },
                    advice: "say what it is for with manifold manifest annotate")
            ]
        }
        if written.lacksVariant {
            return [missingVariant(written, config: config, at: position, taken: taken)]
        }
        let platform = written.platform
        if written.key != PlatformKey(platform) {
            return [unmatchable(written, config: config, at: position, taken: taken)]
        }
        if !Self.isAskedFor(platform) {
            let better = config.map(\.platform).flatMap { own in
                let isSame = own.os == platform.os && own.architecture == platform.architecture
                return Self.isAskedFor(own) && (isSame || trust == .config) ? own : nil
            }
            return [
                finding(
                    .unmatchable, Self.isKnown(platform) ? .warning : .error,
                    Self.isKnown(platform)
                        ? "only a client that is told --platform \(platform) gets it"
                        : "no client asks for \(written)",
                    at: position,
                    repair: Self.isKnown(platform)
                        ? nil : better.flatMap { repair(to: $0, taken: taken, at: position) },
                    advice: Self.isKnown(platform)
                        ? "add an image for \(platform.os)/\(platform.architecture)"
                        : "say what it is for with manifold manifest annotate")
            ]
        }
        var findings: [ListFinding] = []
        if !Self.isPlain(written, platform) {
            findings.append(
                finding(
                    .spelling, .warning, "containerd reads \(written) as \(platform), other clients do not",
                    at: position, repair: .setPlatform(platform)))
        }
        if let config { findings += disagreement(written, config: config, at: position, taken: taken) }
        return findings
    }

    private func missingVariant(
        _ written: WrittenPlatform, config: WrittenPlatform?, at position: Int, taken: [Slot: Int]
    ) -> ListFinding {
        let known = config.flatMap { config -> Platform? in
            config.platform.os == written.platform.os && config.platform.architecture == "arm"
                && config.variant != nil ? config.platform : nil
        }
        let isSeven = known?.variant == "v7"
        let message =
            known.map {
                isSeven
                    ? "no variant; clients read it as v7, which it is"
                    : "no variant; clients read it as v7, but the image is for \($0)"
            } ?? "no variant; clients read it as v7, so that boards with v6 or v5 are left out"
        // As v7 it may stand beside another one with its own variant; making two of one platform helps nobody.
        return finding(
            .missingVariant, known == nil || isSeven ? .warning : .error, message, at: position,
            repair: known.flatMap { isSeven || taken[Slot(WrittenPlatform($0))] == nil ? .setPlatform($0) : nil },
            advice: known.map { "remove this entry or the other one for \($0)" }
                ?? "say what it is with manifold manifest annotate --variant")
    }

    /// For a spelling that this program understands and clients do not.
    private func unmatchable(
        _ written: WrittenPlatform, config: WrittenPlatform?, at position: Int, taken: [Slot: Int]
    ) -> ListFinding {
        let meant = written.platform
        let disagrees = config.map { !ListEntry.agrees($0, meant) } ?? false
        return finding(
            .unmatchable, .error, "no client asks for \(written); it is spelled \(meant)", at: position,
            repair: disagrees && trust == .neither
                ? nil : repair(to: disagrees ? config?.platform ?? meant : meant, taken: taken, at: position),
            advice: config.map { "the config says \($0); say what it is with manifold manifest annotate" })
    }

    private func disagreement(
        _ written: WrittenPlatform, config: WrittenPlatform, at position: Int, taken: [Slot: Int]
    ) -> [ListFinding] {
        let platform = written.platform
        let own = config.platform
        if !ListEntry.agrees(config, platform) {
            let isOther = own.os != platform.os || own.architecture != platform.architecture
            return [
                finding(
                    .configDisagrees, isOther ? .error : .warning, "the image's config says \(config)", at: position,
                    repair: trust == .config && taken[Slot(config)] == nil ? .setPlatform(own) : nil,
                    advice: trust == .config
                        ? "the list has another image for \(own)"
                        : "see which is true: fix with the config's word, annotate, or build the image again")
            ]
        }
        // Windows clients choose by these, and a list made by hand lacks them.
        var better = platform
        if platform.osVersion == nil { better.osVersion = own.osVersion }
        if platform.osFeatures?.isEmpty != false { better.osFeatures = own.osFeatures }
        guard better != platform, taken[Slot(WrittenPlatform(better))] == nil else { return [] }
        return [
            finding(
                .configDisagrees, .warning, "the image's config says \(better.fullName)", at: position,
                repair: .setPlatform(better))
        ]
    }

    /// Writes a platform, or removes the entry when another one serves that platform already.
    private func repair(to platform: Platform, taken: [Slot: Int], at position: Int) -> ListRepair {
        guard let other = taken[Slot(WrittenPlatform(platform))], other != position else {
            return .setPlatform(platform)
        }
        return .remove
    }

    /// Whether some machine's client asks for the platform without being told to.
    private static func isAskedFor(_ platform: Platform) -> Bool {
        guard ArchitectureTable.alias(platform.architecture) != nil else { return false }
        return platform.variant == nil || MatchingRank(PlatformKey(platform)) != nil
    }

    /// Whether the architecture has the variant.
    private static func isKnown(_ platform: Platform) -> Bool {
        guard ArchitectureTable.alias(platform.architecture) != nil else { return false }
        return platform.variant.map { ArchitectureTable.isVariant($0, of: platform.architecture) } ?? true
    }

    /// Whether clients that compare letter for letter can match what is written: podman takes `arm64` with and without `v8`.
    private static func isPlain(_ written: WrittenPlatform, _ platform: Platform) -> Bool {
        written.os == platform.os && written.architecture == platform.architecture
            && (written.variant == platform.variant
                || (written.variant == "v8" && platform.architecture == "arm64")
                || (written.variant == "v1" && platform.architecture == "amd64"))
    }
}
