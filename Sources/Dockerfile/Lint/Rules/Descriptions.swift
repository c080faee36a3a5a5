// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LintRule {
    static let invalidDefinitionDescription = LintRule(
        "InvalidDefinitionDescription",
        "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. "
            + "If this is not intended to be a description comment, add an empty line or comment between "
            + "the instruction and the comment.",
        isExperimental: true
    ) { scan in
        var found: [Diagnostic] = []
        func look(_ keyword: String, _ names: [String], _ lines: ClosedRange<Int>) {
            guard let name = names.first,
                let comment = scan.dockerfile.comments(above: lines.lowerBound).last, !comment.isEmpty,
                Directives.directive(in: "#" + comment) == nil,
                !names.contains(String(comment.cut(at: " ").before))
            else { return }
            found.append(
                Diagnostic(
                    rule: "InvalidDefinitionDescription",
                    message:
                        "Comment for \(keyword) should follow the format: "
                        + "`# \(names.count > 1 ? "<arg_key>" : name) <description>`",
                    lines: lines))
        }
        func look(_ instruction: Instruction) {
            if case .argument(let declarations) = instruction.kind {
                look("ARG", declarations.map(\.name), instruction.lines)
            }
        }
        scan.dockerfile.globalArguments.forEach(look)
        for stage in scan.dockerfile.stages {
            look("FROM", stage.name.map { [$0] } ?? [], stage.lines)
            stage.instructions.forEach(look)
        }
        return found
    }
}
