// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// How an engine chooses among the entries of a list.
public enum ClientRule: String, Hashable, Sendable, CaseIterable {
    /// containerd, Docker since 18.09, BuildKit, nerdctl: the best of all that the machine can run.
    case containerd
    /// podman, skopeo, buildah: letter for letter, newest variant first, never the 32-bit sister.
    case podman
    /// Docker up to 18.06: the first entry with the same operating system and architecture; variants are not looked at.
    case firstMatch = "first-match"

    /// What people call it.
    public var name: String {
        switch self {
        case .containerd: "Docker, containerd"
        case .podman: "podman, skopeo"
        case .firstMatch: "Docker up to 18.06"
        }
    }
}

/// What a machine gets out of a list.
public enum Pick: Hashable, Sendable {
    /// The entry at this position, made for just this machine.
    case exact(Int)
    /// An entry for an older variant, which runs.
    case older(Int)
    /// An entry for the 32-bit sister, which runs.
    case sister(Int)
    /// An entry that does not run on the machine.
    case wrong(Int)
    /// Nothing: "no matching manifest".
    case nothing

    /// The position of the entry, from 0.
    public var entry: Int? {
        switch self {
        case .exact(let entry), .older(let entry), .sister(let entry), .wrong(let entry): entry
        case .nothing: nil
        }
    }

    /// Whether what the machine gets runs on it.
    public var runs: Bool {
        switch self {
        case .exact, .older, .sister: true
        case .wrong, .nothing: false
        }
    }
}

/// One row of the answer of `manifest who`.
public struct MachineChoice: Hashable, Sendable {
    public let machine: Machine
    /// What it gets by each rule.
    public let picks: [ClientRule: Pick]

    /// What current Docker gets.
    public var pick: Pick { picks[.containerd] ?? .nothing }

    /// The rules by which the machine gets another entry than by containerd's.
    public var differing: [ClientRule] { ClientRule.allCases.filter { picks[$0] != pick } }
}

extension WrittenIndex {
    /// Which entry each machine gets.
    public func choices(for machines: [Machine] = Machine.known) -> [MachineChoice] {
        let rules = ClientRule.allCases.map { ($0, Chooser($0, self)) }
        return machines.map { machine in
            MachineChoice(
                machine: machine,
                picks: Dictionary(
                    rules.map { ($0, $1.pick(for: machine.platform)) }, uniquingKeysWith: { first, _ in first }))
        }
    }

    /// Which entry a client of a platform gets.
    public func pick(for platform: Platform, by rule: ClientRule = .containerd) -> Pick {
        Chooser(rule, self).pick(for: platform)
    }
}

/// The entries of a list as the clients of one rule see them.
private struct Chooser {
    private let rule: ClientRule
    /// The first entry of each platform, as the rule reads platforms.
    private let first: [PlatformKey: Int]
    private let entries: [WrittenEntry]

    init(_ rule: ClientRule, _ list: WrittenIndex) {
        self.rule = rule
        entries = list.entries
        var first: [PlatformKey: Int] = [:]
        for (position, entry) in list.entries.enumerated() {
            guard let platform = entry.platform, !platform.isUnknown else { continue }
            if case .attestation = entry.role { continue }
            let key =
                switch rule {
                case .containerd: platform.key
                case .podman: PlatformKey(exactly: platform, variant: platform.variant)
                case .firstMatch: PlatformKey(exactly: platform, variant: nil)
                }
            if first[key] == nil { first[key] = position }
        }
        self.first = first
    }

    func pick(for platform: Platform) -> Pick {
        for wanted in wanted(platform) {
            if let position = first[wanted] { return judge(position, for: platform) }
        }
        return .nothing
    }

    private func wanted(_ platform: Platform) -> [PlatformKey] {
        let own = PlatformKey(platform)
        switch rule {
        case .containerd: return platform.runnable.map(PlatformKey.init)
        case .firstMatch: return [own.with(variant: nil)]
        case .podman:
            // Its table ends at v7: a v8 in 32-bit mode finds only itself and what has no variant.
            let variants: [String?] =
                switch (platform.architecture, platform.variant) {
                case ("arm64", nil): ["v8", nil]
                case ("arm", "v7"?): ["v7", "v6", "v5", nil]
                case ("arm", "v6"?): ["v6", "v5", nil]
                case (_, let variant?): [variant, nil]
                case (_, nil): [nil]
                }
            return variants.map { own.with(variant: $0) }
        }
    }

    /// Whether what was chosen runs, by what the entry says it is.
    private func judge(_ position: Int, for platform: Platform) -> Pick {
        guard let written = entries[position].platform else { return .nothing }
        let chosen = PlatformKey(written.platform)
        if chosen == PlatformKey(platform) { return .exact(position) }
        guard platform.runnable.contains(where: { PlatformKey($0) == chosen }) else { return .wrong(position) }
        return chosen.architecture == platform.architecture ? .older(position) : .sister(position)
    }
}

extension PlatformKey {
    /// As written, for clients that compare letter for letter.
    init(exactly written: WrittenPlatform, variant: String?) {
        os = written.os
        architecture = written.architecture
        self.variant = variant
    }

    func with(variant: String?) -> PlatformKey {
        var key = self
        key.variant = variant
        return key
    }
}
