// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LintRule {
    static let exposeProtoCasing = LintRule(
        "ExposeProtoCasing", "Protocol in EXPOSE instruction should be lowercase"
    ) { scan in
        exposed(in: scan) { port in
            guard let transport = port.cut(at: "/").after, transport.lowercased() != transport else { return nil }
            return Diagnostic(
                rule: "ExposeProtoCasing",
                message: "Defined protocol '\(port)' in EXPOSE instruction should be lowercase", lines: 1...1)
        }
    }

    static let exposeInvalidFormat = LintRule(
        "ExposeInvalidFormat",
        "IP address and host-port mapping should not be used in EXPOSE instruction. "
            + "This will become an error in a future release"
    ) { scan in
        exposed(in: scan) { port in
            guard port.unicodeScalars.contains(":") else { return nil }
            return Diagnostic(
                rule: "ExposeInvalidFormat",
                message:
                    "EXPOSE instruction should not define an IP address or host-port mapping, found '\(port)'",
                lines: 1...1)
        }
    }

    /// What `judge` says of each port, at the lines of its instruction.
    private static func exposed(in scan: LintScan, _ judge: (String) -> Diagnostic?) -> [Diagnostic] {
        scan.countedStages.flatMap { stage in
            stage.instructions.flatMap { instruction -> [Diagnostic] in
                guard case .expose(let ports) = instruction.expanded.kind else { return [] }
                return ports.compactMap(judge).map { found in
                    Diagnostic(rule: found.rule, message: found.message, lines: instruction.written.lines)
                }
            }
        }
    }
}
