// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI

extension ListReport {
    /// The report for people: a block for each finding, and a line of sums.
    func text(on terminal: ProgressTerminal) -> String {
        findings.map { $0.text(on: terminal) + "\n" }.joined() + summary + "\n"
    }

    private var summary: String {
        let name = SafeText.singleLine(name)
        switch kind {
        case .artifact: return "\(name) is an artifact, neither an image nor a list of images"
        case .image:
            let whom = machines ?? []
            return "\(name) is one image for \(SafeText.singleLine(platform ?? "nobody knows what")), not a list: "
                + "clients on other machines get it too, and cannot run it; "
                + (whom.isEmpty ? "no machine that is known here can" : "these can: \(whom.joined(separator: "; "))")
                + (findings.isEmpty ? "" : "\n" + sums)
        case .list:
            var parts = [Self.count(images, "image")]
            // They are entries for unknown/unknown, which nobody should take for a platform.
            if attestations > 0 { parts.append(Self.count(attestations, "attestation")) }
            return "\(name): \(parts.joined(separator: ", ")): \(sums)"
        }
    }

    private var sums: String {
        let parts = [ListSeverity.error, .warning, .note].compactMap { severity in
            count(severity) == 0 ? nil : Self.count(count(severity), severity.rawValue)
        }
        guard worst > .note else {
            return "nothing wrong" + (parts.isEmpty ? "" : ", \(parts.joined(separator: ", "))")
        }
        let mendable = findings.filter { $0.repair != nil }.count
        let serious = count(.error) + count(.warning)
        guard kind == .list else { return parts.joined(separator: ", ") }
        return parts.joined(separator: ", ")
            + (mendable == 0
                ? "; none of it can be mended by manifold manifest fix"
                : "; manifold manifest fix mends \(mendable >= serious ? "all" : "\(mendable)") of it")
    }

    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

extension ListReport.Item {
    fileprivate func text(on terminal: ProgressTerminal) -> String {
        let colour: TerminalPalette.Meaning =
            switch ListSeverity(rawValue: severity) {
            case .error: .failed
            case .warning: .warning
            case .note, nil: .aside
            }
        let title = severity + ":"
        var text = terminal.usesColour ? terminal.palette.paint(title, colour) : title
        if let entry {
            let known = [platform, digest?.short].compactMap { $0 }
            text +=
                " entry \(entry)" + (known.isEmpty ? "" : " (\(SafeText.singleLine(known.joined(separator: ", "))))")
            text += ":"
        }
        text += " \(SafeText.singleLine(message)) [\(rule)]\n"
        for harm in harms { text += "  \(harm.words): \(harm.machines.joined(separator: "; "))\n" }
        if let repair {
            text += "  mend: \(SafeText.singleLine(command ?? "")) (which will \(SafeText.singleLine(repair)))\n"
        } else {
            if let advice { text += "  mend: \(SafeText.singleLine(advice))\n" }
            if let command { text += "        \(SafeText.singleLine(command))\n" }
        }
        return text
    }
}
