// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// An instruction with its variables replaced.
struct InstructionScan: Sendable {
    let written: Instruction
    /// As written when it could not be expanded; the build will say why.
    let expanded: Instruction
    /// The variables that it uses and nobody set, with what was probably meant.
    let undefined: [(name: String, suggestion: String?)]
    /// The values that an ARG or ENV has set.
    let assigned: [NameValue]
}

/// How much text expansion may make of one file: a line that names a long value a thousand times is no reason to fill
/// the memory. What comes after is taken as it is written.
struct ExpansionBudget {
    private var left = 16 << 20

    var isSpent: Bool { left <= 0 }

    mutating func spend(_ usage: VariableUsage) { left -= usage.expandedLength }

    /// The text with its variables replaced; nil when that fails or would be too much.
    mutating func expand(
        _ text: String, with variables: Variables, by expander: Expander, _ usage: inout VariableUsage
    ) -> String? {
        guard !isSpent else { return nil }
        defer { spend(usage) }
        return try? expander.expand(text, with: variables, usage: &usage)
    }
}

/// Goes through the stages as they start from each other, with one set of variables: what a stage has set is taken back
/// when all that start from it are done. So the work grows with the file, whatever shape the tree of stages has.
struct VariableWalk {
    private let expander: Expander
    private let context: LintContext
    private let globals: GlobalScope
    private var variables = Variables()
    private var declared: Set<String> = []
    private var journal: [Change] = []

    private enum Change {
        case set(String, before: String?)
        case declared(String)
    }

    private enum Turn {
        case enter(Int)
        case leave(mark: Int)
    }

    init(_ dockerfile: Dockerfile, context: LintContext, globals: GlobalScope) {
        expander = dockerfile.expander
        self.context = context
        self.globals = globals
    }

    /// The stages with what their instructions use.
    mutating func scans(
        _ earlier: EarlierStages, suggestions: inout Suggestions, budget: inout ExpansionBudget
    ) -> [StageScan] {
        var scans = earlier.scans
        var children: [Int: [Int]] = [:]
        for (index, scan) in scans.enumerated() { children[scan.parent ?? -1, default: []].append(index) }
        var turns = (children[-1] ?? []).reversed().map { Turn.enter($0) }
        while let turn = turns.popLast() {
            switch turn {
            case .leave(let mark):
                undo(to: mark)
            case .enter(let index):
                turns.append(.leave(mark: journal.count))
                if scans[index].parent == nil { begin(with: context.baseImages[index]?.first) }
                for instruction in scans[index].stage.instructions {
                    let scan = scan(
                        instruction, knowsEnvironment: scans[index].knowsEnvironment, &suggestions, &budget)
                    scans[index].instructions.append(scan)
                    for name in Self.sources(of: scan.expanded) where !context.namedContexts.contains(name) {
                        if let source = earlier.index(of: name, before: index) {
                            scans[index].dependencies.append(source)
                        }
                    }
                }
                turns += (children[index] ?? []).reversed().map { Turn.enter($0) }
            }
        }
        return scans
    }

    private mutating func begin(with image: LintContext.BaseImage?) {
        set("PATH", to: "")
        for (name, value) in Variables(lines: image?.environment ?? []).pairs { set(name, to: value) }
    }

    private mutating func set(_ name: String, to value: String) {
        journal.append(.set(name, before: variables[name]))
        variables[name] = value
    }

    private mutating func declare(_ name: String) {
        if declared.insert(name).inserted { journal.append(.declared(name)) }
    }

    private mutating func undo(to mark: Int) {
        while journal.count > mark, let change = journal.popLast() {
            switch change {
            case .set(let name, let before): variables[name] = before
            case .declared(let name): declared.remove(name)
            }
        }
    }

    /// Names that are used without being variables of the build.
    private static let builderNames: Set<String> = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]

    /// Expands one instruction, then does what it does to the variables.
    private mutating func scan(
        _ instruction: Instruction, knowsEnvironment: Bool, _ suggestions: inout Suggestions,
        _ budget: inout ExpansionBudget
    ) -> InstructionScan {
        var usage = VariableUsage()
        var expanded = instruction
        var assigned: [NameValue] = []
        var names: [String] = []
        if case .argument(let declarations) = instruction.kind {
            names = declarations.map(\.name)
            assigned = values(of: declarations, &usage, &budget)
        } else if !budget.isSpent {
            expanded = (try? instruction.expanded(with: variables, by: expander, usage: &usage)) ?? instruction
            budget.spend(usage)
            if case .environment(let pairs) = expanded.kind { assigned = pairs }
        }
        let unmet = usage.unmet.filter { !declared.contains($0) && !Self.builderNames.contains($0) }.sorted()
        let undefined = unmet.map { name in
            // Where the base image may set names nobody knows here, only those that the file itself sets tell a slip.
            (name, suggestions.nearest(to: name, among: variables.names, besides: knowsEnvironment ? nil : "PATH"))
        }
        for name in names { declare(name) }
        for pair in assigned { set(pair.name, to: pair.value) }
        return InstructionScan(written: instruction, expanded: expanded, undefined: undefined, assigned: assigned)
    }

    /// The values that an ARG of a stage gives; all its words see the variables before it.
    private func values(
        of declarations: [ArgumentDeclaration], _ usage: inout VariableUsage, _ budget: inout ExpansionBudget
    ) -> [NameValue] {
        var assigned: [NameValue] = []
        for declaration in declarations {
            let value: String?
            if let given = context.buildArguments[declaration.name] {
                value = given
            } else if let text = declaration.defaultValue {
                var used = VariableUsage()
                value = budget.expand(text, with: variables, by: expander, &used)
                usage.met.formUnion(used.met)
                usage.unmet.formUnion(used.unmet)
            } else {
                // The value of the global ARG, of the platform argument, or none at all.
                value = globals.variables[declaration.name]
            }
            if let value { assigned.append(NameValue(name: declaration.name, value: value)) }
        }
        return assigned
    }

    /// What COPY and RUN take files from besides the build context.
    private static func sources(of instruction: Instruction) -> [String] {
        switch instruction.kind {
        case .copy(let copy): copy.from.map { [$0] } ?? []
        case .run(let run): run.mounts.compactMap(\.from)
        default: []
        }
    }
}

/// Finds what was probably meant, a bounded number of times: each search looks at every candidate.
struct Suggestions {
    private var left = 200_000

    mutating func nearest(
        to name: String, among candidates: some Collection<String>, besides omitted: String? = nil
    ) -> String? {
        guard left > 0 else { return nil }
        left -= candidates.count
        let nearest = Spelling.nearest(to: name, among: candidates)
        // Nobody misspells PATH and means another name that is as near.
        return nearest == omitted ? nil : nearest
    }
}
