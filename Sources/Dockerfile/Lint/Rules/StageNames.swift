// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LintRule {
    static let duplicateStageName = LintRule("DuplicateStageName", "Stage names should be unique") { scan in
        var seen: Set<String> = []
        return scan.dockerfile.stages.compactMap { stage in
            guard let name = stage.name, !seen.insert(name).inserted else { return nil }
            return Diagnostic(
                rule: "DuplicateStageName",
                message: "Duplicate stage name \(GoQuoting.quoted(name)), stage names should be unique",
                lines: stage.lines)
        }
    }

    static let reservedStageName = LintRule(
        "ReservedStageName", "Reserved words should not be used as stage names"
    ) { scan in
        scan.dockerfile.stages.compactMap { stage in
            guard let name = stage.name, ["context", "scratch"].contains(name) else { return nil }
            return Diagnostic(
                rule: "ReservedStageName",
                message: "Stage name should not use the same name as reserved stage \(GoQuoting.quoted(name))",
                lines: stage.lines)
        }
    }
}
