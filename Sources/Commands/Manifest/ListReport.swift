// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI
import Registry

/// What `manifest lint` says of one place; encoded as `--json` prints it.
struct ListReport: Encodable {
    var name: String
    var kind: ReadList.Kind
    var digest: Digest
    var mediaType: MediaType
    var images: Int
    var attestations: Int
    var findings: [Item]
    /// The platform of a single image.
    var platform: String?
    /// Who can run a single image.
    var machines: [String]?

    /// One finding.
    struct Item: Encodable {
        var rule: String
        var severity: String
        /// The position of the entry, counted from 1.
        var entry: Int?
        var digest: Digest?
        var platform: String?
        var message: String
        var harms: [Harm]
        /// What `manifest fix` does.
        var repair: String?
        /// The command that helps.
        var command: String?
        /// What helps where no command does it all.
        var advice: String?
    }

    /// What a finding does to machines.
    struct Harm: Encodable {
        var kind: String
        var client: String
        var machines: [String]
        /// The harm in words.
        var words: String
    }

    init(_ read: ReadList, in place: ListPlace) {
        name = place.text
        kind = read.kind
        digest = read.root.descriptor.digest
        mediaType = read.root.descriptor.mediaType
        images = read.list.entries.filter { $0.role == .image }.count
        attestations = read.list.entries.filter(\.isAttestation).count
        let linter = ListLinter(read.list, children: read.children)
        let harms = ListHarms(linter)
        let mending = ListMending(place: place, kind: read.kind, list: read.list)
        switch read.kind {
        case .list:
            findings = linter.findings().map { Item($0, harms, mending) }
        case .image:
            // Of a list of one only what its config says is judged.
            let rules: Set<ListRule> = [.missingPlatform, .unmatchable, .spelling, .missingVariant]
            findings = linter.findings().filter { rules.contains($0.rule) }.map { finding in
                var item = Item(finding, harms, mending)
                item.entry = nil
                if finding.rule == .missingPlatform { item.message = "the config does not say for whom the image is" }
                return item
            }
            platform = read.list.entries.first?.platform?.description
            machines = read.list.choices().filter { $0.pick.runs && !$0.machine.isTold }.map(\.machine.name)
        case .artifact: findings = []
        }
    }

    /// The worst that was found; what is good to know does not count.
    var worst: ListSeverity {
        findings.compactMap { ListSeverity(rawValue: $0.severity) }.max() ?? .note
    }

    func count(_ severity: ListSeverity) -> Int { findings.filter { $0.severity == severity.rawValue }.count }
}

extension ListReport.Item {
    fileprivate init(_ finding: ListFinding, _ harms: ListHarms, _ mending: ListMending) {
        rule = finding.rule.rawValue
        severity = finding.severity.rawValue
        entry = finding.entry.map { $0 + 1 }
        digest = finding.digest
        platform = finding.platform
        message = finding.message
        self.harms = ListReport.Harm.list(harms.harms(of: finding))
        repair = mending.repairs ? finding.repair?.description : nil
        command = mending.command(for: finding)
        advice = mending.advice(for: finding)
    }
}

extension ListReport.Harm {
    /// Harms of one kind, with one client, together.
    fileprivate static func list(_ harms: [ListHarm]) -> [ListReport.Harm] {
        ListHarm.Kind.allCases.flatMap { kind in
            ClientRule.allCases.compactMap { client in
                let machines = harms.filter { $0.kind == kind && $0.client == client }.map(\.machine.name)
                guard !machines.isEmpty else { return nil }
                return ListReport.Harm(
                    kind: kind.rawValue, client: client.rawValue, machines: machines, words: kind.words(client))
            }
        }
    }
}

extension ListHarm.Kind {
    /// The harm in words, with the clients where not all are meant.
    fileprivate func words(_ client: ClientRule) -> String {
        let words =
            switch self {
            case .leftOut: "left out"
            case .wrongImage: "get an image that does not run"
            case .pullFails: "cannot pull"
            case .slower: "get a lesser image than they could"
            }
        return client == .containerd ? words : words + " (\(client.name))"
    }
}

extension WrittenEntry {
    /// Whether the entry is an attestation.
    var isAttestation: Bool { if case .attestation = role { true } else { false } }
}
