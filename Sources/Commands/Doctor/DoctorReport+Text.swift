// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Doctor

extension DoctorReport {
    /// The report for a person.
    func text(on terminal: ProgressTerminal) -> String {
        var text = "\(machine.distribution), Linux \(machine.kernel), \(machine.platform)\n\n"
        for sentence in mended { text += line(.ok, "mended", sentence, terminal) }
        for finding in findings {
            text += line(finding.status, finding.subject, finding.sentence, terminal)
            if let advice = finding.advice { text += indented(advice) }
            guard [.failure, .warning].contains(finding.status) else { continue }
            for command in finding.commands { text += indented(command.text) }
        }
        return text + "\n" + summary + ending
    }

    private var summary: String {
        func list(_ isWanted: (String?) -> Bool) -> String? {
            let names = platforms.filter { isWanted($0.runs) }.map(\.platform)
            return names.isEmpty ? nil : names.joined(separator: ", ")
        }
        var text = ""
        if let native = list({ $0 == "native" }) { text += "ready:     \(native)\n" }
        if let emulated = list({ $0 != nil && $0 != "native" }) { text += "emulated:  \(emulated)\n" }
        let isTried = findings.contains { $0.platform != nil }
        if let missing = list({ $0 == nil }) { text += "\(isTried ? "not here: " : "not tried:") \(missing)\n" }
        return text
    }

    private var ending: String {
        var text = ""
        if !commands.isEmpty {
            text += "\n\(ok ? "For what is missing" : "To mend this machine"):\n\n"
            for command in commands { text += "    \(SafeText.line(command.text))\n" }
        }
        if ok {
            text += "\nNext:\n\n"
        } else if commands.isEmpty {
            text += "\nMend what is marked above, then look again:\n\n"
        } else {
            text += "\nThen look again:\n\n"
        }
        for command in next { text += "    \(command)\n" }
        return text
    }

    private static let width = 28

    private func line(
        _ status: Finding.Status, _ subject: String, _ sentence: String, _ terminal: ProgressTerminal
    ) -> String {
        let subject = SafeText.singleLine(subject)
        let gap = String(repeating: " ", count: max(1, Self.width - DisplayWidth.columns(subject)))
        return "\(mark(status, terminal)) \(subject)\(gap) \(SafeText.singleLine(sentence, limit: 2000))\n"
    }

    private func indented(_ text: String) -> String {
        String(repeating: " ", count: 8) + SafeText.singleLine(text, limit: 2000) + "\n"
    }

    private func mark(_ status: Finding.Status, _ terminal: ProgressTerminal) -> String {
        guard terminal.isInteractive, terminal.usesUnicode else {
            return switch status {
            case .ok: "ok  "
            case .note: "note"
            case .warning: "warn"
            case .failure: "FAIL"
            }
        }
        let (sign, meaning): (String, TerminalPalette.Meaning) =
            switch status {
            case .ok: ("✓", .done)
            case .note: ("·", .aside)
            case .warning: ("!", .warning)
            case .failure: ("✗", .failed)
            }
        return terminal.usesColour ? terminal.palette.paint(sign, meaning) : sign
    }
}
