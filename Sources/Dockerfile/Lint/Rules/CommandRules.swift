// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LintRule {
    static let jsonArgsRecommended = LintRule(
        "JSONArgsRecommended",
        "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals"
    ) { scan in
        scan.countedStages.flatMap { stage -> [Diagnostic] in
            // Who sets a shell has thought about it.
            var hasShell = stage.inheritsShell
            return stage.instructions.compactMap { instruction in
                switch instruction.written.kind {
                case .shell:
                    hasShell = true
                    return nil
                case .command(.shell), .entrypoint(.shell):
                    guard !hasShell else { return nil }
                    return Diagnostic(
                        rule: "JSONArgsRecommended",
                        message:
                            "JSON arguments recommended for \(instruction.written.writtenKeyword) "
                            + "to prevent unintended behavior related to OS signals",
                        lines: instruction.written.lines)
                default:
                    return nil
                }
            }
        }
    }

    static let multipleInstructionsDisallowed = LintRule(
        "MultipleInstructionsDisallowed",
        "Multiple instructions of the same type should not be used in the same stage"
    ) { scan in
        scan.countedStages.flatMap { stage -> [Diagnostic] in
            var previous: [String: Instruction] = [:]
            return stage.instructions.compactMap { instruction in
                let written = instruction.written
                guard ["CMD", "ENTRYPOINT", "HEALTHCHECK"].contains(written.keyword) else { return nil }
                // The earlier one is the one that has no effect.
                return previous.updateValue(written, forKey: written.keyword).map { ignored in
                    Diagnostic(
                        rule: "MultipleInstructionsDisallowed",
                        message:
                            "Multiple \(written.writtenKeyword) instructions should not be used in the same stage "
                            + "because only the last one will be used",
                        lines: ignored.lines)
                }
            }
        }
    }

    static let workdirRelativePath = LintRule(
        "WorkdirRelativePath",
        "Relative workdir without an absolute workdir declared within the build can have unexpected results "
            + "if the base image changes"
    ) { scan in
        scan.countedStages.compactMap { stage in
            guard !stage.inheritsWorkingDirectory else { return nil }
            // Only the first can be at fault: the others follow it.
            for instruction in stage.instructions {
                guard case .workingDirectory(let path) = instruction.expanded.kind else { continue }
                guard !path.startsWith("/") else { return nil }
                return Diagnostic(
                    rule: "WorkdirRelativePath",
                    message:
                        "Relative workdir \(GoQuoting.quoted(path)) can have unexpected results "
                        + "if the base image changes",
                    lines: instruction.written.lines)
            }
            return nil
        }
    }
}
