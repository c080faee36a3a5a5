// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// A Dockerfile with what the rules ask about it worked out once: variables, bases, which stages count.
struct LintScan: Sendable {
    let dockerfile: Dockerfile
    let context: LintContext
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

    private let targetIndex: Int

    init(_ dockerfile: Dockerfile, context: LintContext) {
        self.dockerfile = dockerfile
        self.context = context
        let globals = GlobalScope(dockerfile, context: context)
        var earlier = EarlierStages()
        var suggestions = Suggestions()
        for stage in dockerfile.stages {
            earlier.append(
                StageScan(
                    stage, in: dockerfile, context: context, globals: globals, earlier: earlier,
                    suggestions: &suggestions))
        }
        let stages = earlier.scans
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
struct GlobalScope {
    /// With `--build-arg` values.
    var variables: Variables
    /// With nothing but the defaults.
    var defaults: Variables
    var names: Set<String>

    /// The arguments that every build has.
    static let platformNames: Set<String> = [
        "BUILDPLATFORM", "BUILDOS", "BUILDOSVERSION", "BUILDARCH", "BUILDVARIANT", "TARGETPLATFORM", "TARGETOS",
        "TARGETOSVERSION", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE",
    ]

    init(_ dockerfile: Dockerfile, context: LintContext) {
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
                if let value = try? declaration.expanded(with: defaults, by: expander).defaultValue {
                    defaults[declaration.name] = value
                }
                if let value = context.buildArguments[declaration.name] {
                    variables[declaration.name] = value
                } else if let value = try? declaration.expanded(with: variables, by: expander).defaultValue {
                    variables[declaration.name] = value
                }
            }
        }
    }
}

/// Finds what was probably meant, a bounded number of times: each search looks at every candidate.
struct Suggestions {
    private var left = 200

    mutating func nearest(to name: String, among candidates: some Collection<String>) -> String? {
        guard left > 0 else { return nil }
        left -= 1
        return Spelling.nearest(to: name, among: candidates)
    }
}
