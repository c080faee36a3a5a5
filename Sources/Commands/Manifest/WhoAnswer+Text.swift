// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

extension WhoAnswer {
    /// A table of machines, what other clients do otherwise, and who is left out.
    func text(on terminal: ProgressTerminal) -> String {
        var table = TextTable("MACHINE", "ASKS FOR", "GETS", "DIGEST", "HOW")
        for row in machines {
            let choice = row.choice
            table.add(row.name, row.platform, choice.platform ?? "-", choice.digest?.short ?? "-", choice.words)
        }
        let lines = table.text.split(separator: "\n")
        var text = lines.prefix(1).map { "\($0)\n" }.joined()
        for (row, line) in zip(machines, lines.dropFirst()) {
            text += paint(String(line), row.choice.meaning, terminal) + "\n"
        }
        return text + differences + summary(terminal)
    }

    /// What clients of other rules make of the list.
    private var differences: String {
        var text = ""
        for rule in ClientRule.allCases where rule != .containerd {
            let rows = machines.filter { !$0.isTold && $0.picks[rule.rawValue] != $0.choice }
            if rows.isEmpty { continue }
            text += "\n\(rule.name):\n"
            for row in rows {
                guard let choice = row.picks[rule.rawValue] else { continue }
                let what = [choice.platform, choice.words].compactMap { $0 }.joined(separator: ", ")
                text += "  \(row.name) (\(row.platform)): \(SafeText.singleLine(what))\n"
            }
        }
        return text
    }

    private func summary(_ terminal: ProgressTerminal) -> String {
        func names(_ isMeant: (Row) -> Bool) -> String {
            machines.filter { !$0.isTold && isMeant($0) }.map(\.name).joined(separator: "; ")
        }
        let leftOut = names { $0.choice.result == .nothing }
        let wrong = names { $0.choice.result == .wrong }
        let lesser = names { $0.choice.result == .older || $0.choice.result == .sister }
        var text = "\n"
        if !leftOut.isEmpty { text += paint("left out: \(leftOut)", .failed, terminal) + "\n" }
        if !wrong.isEmpty { text += paint("get what they cannot run: \(wrong)", .failed, terminal) + "\n" }
        if !lesser.isEmpty {
            text += paint("get something that is not made for them: \(lesser)", .warning, terminal) + "\n"
        }
        return text == "\n" ? "\nall get an image that is made for them\n" : text
    }

    private func paint(_ text: String, _ meaning: TerminalPalette.Meaning?, _ terminal: ProgressTerminal) -> String {
        guard let meaning, terminal.usesColour else { return text }
        return terminal.palette.paint(text, meaning)
    }
}

extension WhoAnswer.Choice {
    fileprivate var words: String {
        switch result {
        case .exact: "exact"
        case .older: "fallback: made for an older variant"
        case .sister: "fallback: 32-bit image"
        case .wrong: "WRONG: does not run"
        case .nothing: "NOTHING"
        }
    }

    fileprivate var meaning: TerminalPalette.Meaning? {
        switch result {
        case .exact: nil
        case .older, .sister: .warning
        case .wrong, .nothing: .failed
        }
    }
}
