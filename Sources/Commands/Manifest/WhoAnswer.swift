// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI
import Registry

/// Who gets what out of a list; encoded as `--json` prints it.
struct WhoAnswer: Encodable {
    var name: String
    var kind: ReadList.Kind
    var digest: Digest
    var machines: [Row]
    private let list: WrittenIndex

    enum CodingKeys: String, CodingKey { case name, kind, digest, machines }

    /// One machine.
    struct Row: Encodable {
        var name: String
        var platform: String
        var note: String?
        /// What it gets, by the name of the clients' rule.
        var picks: [String: Choice]
        /// Whether its client asks for this platform only when it is told to.
        var isTold: Bool

        enum CodingKeys: String, CodingKey {
            case name, platform, note, picks
            case isTold = "onlyWhenTold"
        }

        /// What current Docker gets.
        var choice: Choice { picks[ClientRule.containerd.rawValue] ?? Choice(result: .nothing) }
    }

    /// What a machine gets.
    struct Choice: Encodable, Hashable {
        enum Result: String, Encodable, Hashable {
            case exact, older, sister, wrong, nothing
        }

        var result: Result
        /// The position of the entry, counted from 1.
        var entry: Int?
        var platform: String?
        var digest: Digest?
    }

    /// - Parameter platforms: whose machines are asked about; all that are known when empty.
    init(_ read: ReadList, name: String, for platforms: [Platform]) {
        self.name = name
        kind = read.kind
        digest = read.root.descriptor.digest
        let list = read.list
        self.list = list
        let asked = platforms.flatMap { platform in
            let known = Machine.known.filter { $0.platform == platform }
            return known.isEmpty ? [Machine("a machine of \(platform)", platform)] : known
        }
        machines = list.choices(for: platforms.isEmpty ? Machine.known : asked).map { choice in
            let picks = choice.picks.map { rule, pick in (rule.rawValue, Choice(pick, of: list, read.kind)) }
            return Row(
                name: choice.machine.name, platform: choice.machine.platform.description, note: choice.machine.note,
                picks: Dictionary(picks, uniquingKeysWith: { first, _ in first }), isTold: choice.machine.isTold)
        }
    }

    /// Whether there is an image made for a platform.
    func serves(_ platform: Platform) -> Bool {
        if case .exact = list.pick(for: platform) { true } else { false }
    }
}

extension WhoAnswer.Choice {
    fileprivate init(_ pick: Pick, of list: WrittenIndex, _ kind: ReadList.Kind) {
        switch pick {
        case .exact: result = .exact
        case .older: result = .older
        case .sister: result = .sister
        case .wrong: result = .wrong
        // Without a list there is nothing to choose from: everybody gets the one image.
        case .nothing: result = kind == .image ? .wrong : .nothing
        }
        entry = kind == .list ? pick.entry.map { $0 + 1 } : nil
        if let written = (pick.entry ?? (kind == .image ? 0 : nil)).map({ list.entries[$0] }) {
            platform = written.platform?.description
            digest = written.digest
        }
    }
}
