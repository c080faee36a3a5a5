// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LintRule {
    static let stageNameCasing = LintRule("StageNameCasing", "Stage names should be lowercase") { scan in
        scan.dockerfile.stages.compactMap { stage in
            guard let name = stage.writtenName, name != name.lowercased() else { return nil }
            return Diagnostic(
                rule: "StageNameCasing", message: "Stage name '\(name)' should be lowercase", lines: stage.lines)
        }
    }

    static let fromAsCasing = LintRule(
        "FromAsCasing", "The 'as' keyword should match the case of the 'from' keyword"
    ) { scan in
        scan.dockerfile.stages.compactMap { stage in
            let (from, _, rest) = Words.command(stage.text)
            let words = Words.plain(rest)
            // A FROM of mixed case is what ConsistentInstructionCasing is about.
            guard words.count == 3, let wanted = Casing(of: from)?.applied(to: words[1]), wanted != words[1] else {
                return nil
            }
            return Diagnostic(
                rule: "FromAsCasing", message: "'\(words[1])' and '\(from)' keywords' casing do not match",
                lines: stage.lines)
        }
    }

    static let consistentInstructionCasing = LintRule(
        "ConsistentInstructionCasing",
        "All commands within the Dockerfile should use the same casing (either upper or lower)"
    ) { scan in
        let keywords = scan.dockerfile.stages.flatMap { stage in
            [(Words.command(stage.text).keyword, stage.lines)]
                + stage.instructions.map { ($0.writtenKeyword, $0.lines) }
        }
        let lower = keywords.count { Casing(of: $0.0) == .lower }
        let upper = keywords.count { Casing(of: $0.0) == .upper }
        let majority: Casing = lower > upper ? .lower : .upper
        return keywords.compactMap { keyword, lines in
            guard majority.applied(to: keyword) != keyword else { return nil }
            return Diagnostic(
                rule: "ConsistentInstructionCasing",
                message:
                    "Command '\(keyword)' should match the case of the command majority (\(majority.rawValue)case)",
                lines: lines)
        }
    }
}

/// The case of a keyword; a mixed one has none.
private enum Casing: String {
    case lower, upper

    init?(of word: String) {
        if word == word.lowercased() {
            self = .lower
        } else if word == word.uppercased() {
            self = .upper
        } else {
            return nil
        }
    }

    func applied(to word: String) -> String { self == .lower ? word.lowercased() : word.uppercased() }
}
