// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// A Dockerfile with what the rules ask about it worked out once: variables, bases, which stages count.
struct LintScan: Sendable {
    let dockerfile: Dockerfile
    let context: LintContext
    let globals: GlobalScope
    let stages: [StageScan]

    /// Stages that count for rules about what a stage does.
    var countedStages: some Sequence<StageScan> { stages.lazy.filter(\.counts) }
    /// The stages whose layers end up in the image: the target and the stages that it starts from.
    var imageStages: Set<Int> {
        var found: Set<Int> = []
        var index: Int? = targetIndex
        while let current = index, found.insert(current).inserted { index = stages[current].parent }
        return found
    }

    /// The stage that is built.
    let targetIndex: Int

    init(_ dockerfile: Dockerfile, context: LintContext) {
        self.dockerfile = dockerfile
        self.context = context
        var earlier = EarlierStages()
        var suggestions = Suggestions()
        var budget = ExpansionBudget()
        globals = GlobalScope(dockerfile, context: context, budget: &budget)
        for stage in dockerfile.stages {
            earlier.append(
                StageScan(
                    stage, in: dockerfile, context: context, globals: globals, earlier: earlier,
                    suggestions: &suggestions, budget: &budget))
        }
        var walk = VariableWalk(dockerfile, context: context, globals: globals)
        let stages = walk.scans(earlier, suggestions: &suggestions, budget: &budget)
        let last = dockerfile.stages.count - 1
        switch context.stages {
        case .all:
            targetIndex = last
            self.stages = stages
        case .needed(let target):
            targetIndex = target.flatMap { dockerfile.stage($0)?.index } ?? last
            self.stages = Self.counting(stages, from: targetIndex)
        }
    }

    private static func counting(_ stages: [StageScan], from target: Int) -> [StageScan] {
        var stages = stages
        for index in stages.indices { stages[index].counts = false }
        var pending = [target]
        while let index = pending.popLast() {
            guard !stages[index].counts else { continue }
            stages[index].counts = true
            pending += stages[index].dependencies
        }
        return stages
    }
}

/// The variables of FROM lines.
struct GlobalScope: Sendable {
    /// One ARG before the first FROM.
    struct Argument: Sendable {
        let declaration: ArgumentDeclaration
        let value: String?
        /// The variables that its default names.
        let uses: Set<String>
        let lines: ClosedRange<Int>
    }

    /// With `--build-arg` values.
    var variables: Variables
    /// With nothing but the defaults.
    var defaults: Variables
    var names: Set<String>
    private(set) var arguments: [Argument] = []

    /// The arguments that every build has.
    static let platformNames: Set<String> = [
        "BUILDPLATFORM", "BUILDOS", "BUILDOSVERSION", "BUILDARCH", "BUILDVARIANT", "TARGETPLATFORM", "TARGETOS",
        "TARGETOSVERSION", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE",
    ]

    init(_ dockerfile: Dockerfile, context: LintContext, budget: inout ExpansionBudget) {
        var platformArguments: Variables = ["TARGETSTAGE": "default"]
        let target = context.platforms.first ?? context.buildPlatform
        for (prefix, platform) in [("BUILD", context.buildPlatform), ("TARGET", target)] {
            platformArguments[prefix + "PLATFORM"] = platform.description
            platformArguments[prefix + "OS"] = platform.os
            platformArguments[prefix + "OSVERSION"] = platform.osVersion ?? ""
            platformArguments[prefix + "ARCH"] = platform.architecture
            platformArguments[prefix + "VARIANT"] = platform.variant ?? ""
        }
        defaults = platformArguments
        variables = platformArguments
        names = Self.platformNames
        for name in Self.platformNames {
            if let value = context.buildArguments[name] { variables[name] = value }
        }
        for instruction in dockerfile.globalArguments {
            guard case .argument(let declarations) = instruction.kind else { continue }
            for declaration in declarations {
                names.insert(declaration.name)
                let expander = dockerfile.expander
                var usage = VariableUsage()
                let given = context.buildArguments[declaration.name]
                if let text = declaration.defaultValue {
                    if let value = budget.expand(text, with: defaults, by: expander, &usage) {
                        defaults[declaration.name] = value
                    }
                    if given == nil, let value = budget.expand(text, with: variables, by: expander, &usage) {
                        variables[declaration.name] = value
                    }
                }
                if let given { variables[declaration.name] = given }
                arguments.append(
                    Argument(
                        declaration: declaration, value: variables[declaration.name],
                        uses: given == nil ? usage.met : [], lines: instruction.lines))
            }
        }
    }
}
