// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LintRule {
    static let copyIgnoredFile = LintRule(
        "CopyIgnoredFile", "Attempting to Copy file that is excluded by .dockerignore"
    ) { scan in
        // With exceptions, what is in an ignored directory may be there after all; only the build can tell.
        guard let patterns = scan.context.ignorePatterns, !patterns.isEmpty, !patterns.hasExceptions else { return [] }
        return scan.countedStages.flatMap { stage in
            stage.instructions.flatMap { instruction -> [Diagnostic] in
                let verb: String
                let sources: [String]
                switch instruction.expanded.kind {
                case .copy(let copy) where copy.from == nil: (verb, sources) = ("Copy", copy.transfer.sources)
                case .add(let add): (verb, sources) = ("Add", add.transfer.sources.filter { !isRemote($0) })
                default: return []
                }
                return sources.compactMap { source in
                    let path = Paths.clean(source)
                    guard patterns.matches(String(path.drop { $0 == "/" })) else { return nil }
                    return Diagnostic(
                        rule: "CopyIgnoredFile",
                        message:
                            "Attempting to \(verb) file \(GoQuoting.quoted(path)) that is excluded by .dockerignore",
                        lines: instruction.written.lines)
                }
            }
        }
    }

    private static func isRemote(_ source: String) -> Bool {
        source.startsWith("git@") || source.contains("://")
    }
}
