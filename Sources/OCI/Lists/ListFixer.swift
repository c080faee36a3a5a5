// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A manifest list after `manifest fix`.
public struct FixedList: Hashable, Sendable {
    /// The repaired list as it is to be written: what was not repaired is there letter for letter, since an ``Index`` would
    /// make `linux/arm/v7` of an entry of which nobody knows the variant.
    public let list: WrittenIndex
    /// What was changed, in the order in which it was.
    public let changes: [Change]
    /// What is left for a person, notes aside.
    public let remaining: [ListFinding]

    /// The repaired list with every platform normalised.
    public var index: Index { list.index }

    /// One thing that was changed.
    public struct Change: Hashable, Sendable {
        /// What was wrong.
        public let finding: ListFinding
        /// What was done about it.
        public let repair: ListRepair
    }
}

extension ListLinter {
    /// Does to the list what the findings say, until no finding says anything.
    public func fix() -> FixedList {
        var linter = self
        var changes: [FixedList.Change] = []
        // A platform that is written right may turn out to be a duplicate, and its removal leave an attestation alone.
        for _ in 0..<Self.rounds {
            let findings = linter.findings().filter { $0.repair != nil }
            if findings.isEmpty { break }
            let (list, done) = linter.apply(findings)
            changes += done
            linter = ListLinter(list, children: children, trust: trust)
        }
        return FixedList(
            list: linter.list, changes: changes,
            remaining: linter.findings().filter { $0.severity > .note })
    }

    private static let rounds = 6

    private func apply(_ findings: [ListFinding]) -> (WrittenIndex, [FixedList.Change]) {
        var list = list
        var changes: [FixedList.Change] = []
        var removed: Set<Int> = []
        var isOrdered = true
        for finding in findings {
            guard let repair = finding.repair else { continue }
            let position = finding.entry ?? -1
            if removed.contains(position) { continue }
            switch repair {
            case .setSchemaVersion: list.schemaVersion = 2
            case .setListType(let type): list.mediaType = type
            case .setPlatform(let platform):
                let old = list.entries[position].platform
                list.entries[position].platform = old?.changed(to: platform) ?? WrittenPlatform(platform)
            case .setSize(let size): list.entries[position].size = size
            case .setMediaType(let type): list.entries[position].mediaType = type
            case .removeMembers(let names): for name in names { list.other[name] = nil }
            case .remove: removed.insert(position)
            case .reorder: isOrdered = false
            }
            changes.append(FixedList.Change(finding: finding, repair: repair))
        }
        list.entries = list.entries.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
        if !isOrdered {
            let order = MatchingRank.order(
                list.entries.map { $0.role == .image ? $0.platform.flatMap { MatchingRank($0.key) } : nil })
            list.entries = order.map { list.entries[$0] }
        }
        return (list, changes)
    }
}
