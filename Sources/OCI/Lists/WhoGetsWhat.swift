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
        let rules = ClientRule.allCases.map { ($0, ListChooser($0, self)) }
        return machines.map { machine in
            MachineChoice(
                machine: machine,
                picks: Dictionary(
                    rules.map { ($0, $1.pick(for: machine.platform)) }, uniquingKeysWith: { first, _ in first }))
        }
    }

    /// Which entry a client of a platform gets.
    public func pick(for platform: Platform, by rule: ClientRule = .containerd) -> Pick {
        ListChooser(rule, self).pick(for: platform)
    }
}
