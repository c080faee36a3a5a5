// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LintRule {
    static let crossTemplateOrder = LintRule(
        "CrossTemplateOrder", "In a template the emulator must be copied before the first RUN", kind: .own
    ) { scan in
        guard let template = scan.context.template else { return [] }
        return crossTemplateDiagnostics(template)
    }

    /// The RUN lines of a `__CROSS_` template that stand before the emulator's COPY of their stage.
    private static func crossTemplateDiagnostics(_ template: String) -> [Diagnostic] {
        var found: [Diagnostic] = []
        var runs: [Int] = []
        var continues = false
        var heredocs: [Heredoc] = []
        let lines = template.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let line = Substring(line).withoutLineEnding
            if let heredoc = heredocs.first {
                if line.trimmed == heredoc.name[...] { heredocs.removeFirst() }
                continue
            }
            let text = line.trimmed
            if text.isEmpty || text.startsWith("#") { continue }
            let begins = !continues
            continues = text.unicodeScalars.last == "\\"
            guard begins else { continue }
            let word = text.prefix { !$0.isWhitespace }.uppercased()
            switch word {
            case "FROM", "__CROSS_FROM":
                runs = []
            case "RUN", "__CROSS_RUN":
                runs.append(index + 1)
            case "__CROSS_COPY", "__CROSS_ADD":
                guard text.lowercased().contains("qemu") else { break }
                for run in runs {
                    found.append(
                        Diagnostic(
                            rule: "CrossTemplateOrder",
                            message:
                                "RUN stands before the emulator's \(word) of line \(index + 1), "
                                + "so other tools fail in it with \"exec format error\"",
                            lines: run...run))
                }
                runs = []
            default: break
            }
            if word.hasSuffix("RUN") || word.hasSuffix("COPY") || word.hasSuffix("ADD") {
                heredocs = (try? Heredoc.opened(by: String(text))) ?? []
            }
        }
        return found
    }
}
