// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Whom something that `manifest lint` found hurts, and how.
public struct ListHarm: Hashable, Sendable {
    /// What a machine suffers.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// It gets nothing, though there is an image for it.
        case leftOut = "left-out"
        /// It gets an image that does not run on it.
        case wrongImage = "wrong-image"
        /// It is sent to an image that it cannot get.
        case pullFails = "pull-fails"
        /// It gets an image for an older or smaller machine, though there is a better one.
        case slower
    }

    public let kind: Kind
    public let machine: Machine
    /// With which clients.
    public let client: ClientRule
}

/// Finds out whom findings hurt, by what machines get now and would get if all were well.
public struct ListHarms: Sendable {
    private let linter: ListLinter
    private let machines: [Machine]
    private let choosers: [ClientRule: ListChooser]
    /// The list with its entries in order, and where they come from.
    private let ordered: (chooser: ListChooser, origins: [Int])

    /// - Parameter machines: who is asked about; those whose clients are told what to ask for have only themselves to
    ///   blame, and are left out.
    public init(_ linter: ListLinter, machines: [Machine] = Machine.known.filter { !$0.isTold }) {
        self.linter = linter
        self.machines = machines
        let list = linter.list
        choosers = Dictionary(
            ClientRule.allCases.map { ($0, ListChooser($0, list)) }, uniquingKeysWith: { first, _ in first })
        let origins = MatchingRank.order(
            list.entries.map { $0.role == .image ? $0.platform.flatMap { MatchingRank($0.key) } : nil })
        var sorted = list
        sorted.entries = origins.map { list.entries[$0] }
        ordered = (ListChooser(.firstMatch, sorted), origins)
    }

    /// Whom a finding hurts.
    public func harms(of finding: ListFinding) -> [ListHarm] {
        guard let position = finding.entry, linter.list.entries.indices.contains(position) else { return [] }
        switch finding.rule {
        case .missingChild, .unreadableChild, .missingDigest, .missingSize, .wrongSize, .wrongMediaType:
            return machines.filter { pick($0, .containerd).entry == position }.map {
                ListHarm(kind: .pullFails, machine: $0, client: .containerd)
            }
        case .unmatchable, .missingPlatform, .missingVariant, .configDisagrees:
            return misnamed(position, finding, by: .containerd)
        case .spelling: return misnamed(position, finding, by: .podman)
        case .hiddenMatch: return hidden(position)
        case .emptyList, .schemaVersion, .missingMediaType, .ambiguousDocument, .mixedMediaTypes, .duplicatePlatform,
            .nestedList, .orphanAttestation, .attestations:
            return []
        }
    }

    /// Who suffers from an entry that is said to be for another platform than it is.
    private func misnamed(_ position: Int, _ finding: ListFinding, by rule: ClientRule) -> [ListHarm] {
        let entry = linter.list.entries[position]
        guard let truth = truth(of: entry, finding) else {
            // Nobody knows what it is; whoever finds nothing may be whom it is for.
            guard finding.rule == .missingVariant else { return [] }
            return machines.filter { $0.platform.architecture == "arm" && pick($0, rule) == .nothing }.map {
                ListHarm(kind: .leftOut, machine: $0, client: rule)
            }
        }
        return machines.compactMap { machine in
            let now = pick(machine, rule)
            if now.entry == position, !machine.platform.runs(truth) {
                return ListHarm(kind: .wrongImage, machine: machine, client: rule)
            }
            let then = choosers[rule]?.pick(for: machine.platform, ifEntry: position, wereFor: WrittenPlatform(truth))
            guard let then, then.entry == position, then.worth > now.worth else { return nil }
            return ListHarm(kind: now.shortfall, machine: machine, client: rule)
        }
    }

    /// The platform that an entry is really for, as far as can be known.
    private func truth(of entry: WrittenEntry, _ finding: ListFinding) -> Platform? {
        if case .setPlatform(let platform) = finding.repair { return platform }
        if let config = entry.digest.flatMap({ linter.children[$0]?.config }), !config.isUnknown {
            // A config may say less than the list does.
            if !config.lacksVariant || finding.rule != .missingVariant { return config.platform }
        }
        guard finding.rule == .unmatchable || finding.rule == .spelling, let platform = entry.platform?.platform else {
            return nil
        }
        // A variant that no machine asks for by itself: those of the architecture are who goes without.
        return MatchingRank(PlatformKey(platform)) == nil
            ? Platform(os: platform.os, architecture: platform.architecture) : platform
    }

    /// Who gets something worse for the order of the entries.
    private func hidden(_ position: Int) -> [ListHarm] {
        machines.compactMap { machine in
            let now = pick(machine, .firstMatch)
            let then = ordered.chooser.pick(for: machine.platform)
            guard let entry = then.entry, ordered.origins[entry] == position, then.worth > now.worth else { return nil }
            return ListHarm(kind: now.shortfall, machine: machine, client: .firstMatch)
        }
    }

    private func pick(_ machine: Machine, _ rule: ClientRule) -> Pick {
        choosers[rule]?.pick(for: machine.platform) ?? .nothing
    }
}

extension Platform {
    /// Whether a machine of this platform runs images for another one.
    func runs(_ other: Platform) -> Bool { runnable.contains { PlatformKey($0) == PlatformKey(other) } }
}

extension Pick {
    /// How well a machine is served.
    fileprivate var worth: Int {
        switch self {
        case .exact: 3
        case .older: 2
        case .sister: 1
        case .wrong, .nothing: 0
        }
    }

    /// What is bad about it where there is something better.
    fileprivate var shortfall: ListHarm.Kind {
        switch self {
        case .nothing: .leftOut
        case .wrong: .wrongImage
        case .exact, .older, .sister: .slower
        }
    }
}
