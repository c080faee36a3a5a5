// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// What the parser itself sees on its way.

extension LintRule {
    static let noEmptyContinuation = LintRule(
        "NoEmptyContinuation", "Empty continuation lines will become errors in a future release"
    ) { $0.remarks("NoEmptyContinuation") }

    static let maintainerDeprecated = LintRule(
        "MaintainerDeprecated",
        "The MAINTAINER instruction is deprecated, use a label instead to define an image author"
    ) { $0.remarks("MaintainerDeprecated") }

    static let legacyKeyValueFormat = LintRule(
        "LegacyKeyValueFormat", "Legacy key/value format with whitespace separator should not be used"
    ) { scan in
        let remarks = scan.remarks("LegacyKeyValueFormat")
        guard !remarks.isEmpty else { return [] }
        let counted = Set(scan.countedStages.flatMap { $0.stage.instructions.map(\.lines.lowerBound) })
        return remarks.filter { counted.contains($0.lines.lowerBound) }
    }

    static let unknownSyntaxDirective = LintRule(
        "UnknownSyntaxDirective", "The syntax directive names a front end that this builder does not run", kind: .own
    ) { $0.remarks("UnknownSyntaxDirective") }
}

extension LintScan {
    fileprivate func remarks(_ rule: String) -> [Diagnostic] { dockerfile.warnings.filter { $0.rule == rule } }
}
