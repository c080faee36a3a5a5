// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// One stage with what the rules ask about it.
struct StageScan: Sendable {
    /// What decides the platform that a stage's commands run on.
    enum Pin: Sendable {
        /// Each platform of the build.
        case target
        /// The machine that builds.
        case build
        /// One that the file names.
        case fixed
    }

    let stage: Stage
    /// The base with its variables replaced; as written when that fails.
    let base: String
    let platform: String?
    let baseUsage: VariableUsage
    let platformUsage: VariableUsage
    /// Names in FROM that nobody declared, with what was probably meant.
    let undefinedInFrom: [(name: String, suggestion: String?)]
    /// Whether a variable's default makes the base something that is no image name.
    let hasInvalidDefaultBase: Bool
    /// The earlier stage that it starts from.
    let parent: Int?
    /// All earlier stages that it needs.
    var dependencies: [Int]
    var instructions: [InstructionScan] = []
    let pin: Pin
    /// Whether the variables of the base image are known.
    let knowsEnvironment: Bool
    /// Whether the image at the bottom is of one architecture by its name.
    let hasPrefixedBase: Bool
    /// Whether an earlier stage or the base image sets SHELL.
    let inheritsShell: Bool
    /// Whether a stage that it starts from has a WORKDIR.
    let inheritsWorkingDirectory: Bool
    /// Whether it counts for rules about what a stage does.
    var counts = true

    private let setsShell: Bool
    private let setsWorkingDirectory: Bool

    /// Looks at FROM; what the instructions use is added by ``VariableWalk``.
    init(
        _ stage: Stage, in dockerfile: Dockerfile, context: LintContext, globals: GlobalScope,
        earlier: EarlierStages, suggestions: inout Suggestions, budget: inout ExpansionBudget
    ) {
        self.stage = stage
        let expander = dockerfile.expander
        var usage = VariableUsage()
        base = budget.expand(stage.baseName, with: globals.variables, by: expander, &usage) ?? stage.baseName
        baseUsage = usage
        usage = VariableUsage()
        platform = stage.platform.map { budget.expand($0, with: globals.variables, by: expander, &usage) ?? $0 }
        platformUsage = usage

        undefinedInFrom = baseUsage.unmet.union(platformUsage.unmet).filter { !globals.names.contains($0) }.sorted()
            .map { ($0, suggestions.nearest(to: $0, among: globals.names)) }
        let isNamedContext = context.namedContexts.contains(base)
        let parent = isNamedContext ? nil : earlier.index(of: base)
        self.parent = parent
        let inherited = parent.map { earlier.scans[$0] }
        dependencies = parent.map { [$0] } ?? []

        if isNamedContext || (baseUsage.met.isEmpty && baseUsage.unmet.isEmpty) {
            hasInvalidDefaultBase = false
        } else {
            usage = VariableUsage()
            let name = budget.expand(stage.baseName, with: globals.defaults, by: expander, &usage) ?? stage.baseName
            hasInvalidDefaultBase = earlier.index(of: name) == nil && (try? Reference(name)) == nil
        }

        if let inherited {
            pin = inherited.pin
        } else if stage.platform == nil || platformUsage.met == ["TARGETPLATFORM"] {
            pin = .target
        } else {
            pin = platformUsage.met == ["BUILDPLATFORM"] ? .build : .fixed
        }

        hasPrefixedBase = inherited?.hasPrefixedBase ?? (PrefixedBase(base) != nil)

        let image = context.baseImages[stage.index]?.first
        knowsEnvironment =
            inherited?.knowsEnvironment ?? (image?.environment != nil || (base == "scratch" && !isNamedContext))
        inheritsShell = inherited.map { $0.inheritsShell || $0.setsShell } ?? (image?.shell.isEmpty == false)
        inheritsWorkingDirectory = inherited.map { $0.inheritsWorkingDirectory || $0.setsWorkingDirectory } ?? false
        setsShell = stage.instructions.contains { if case .shell = $0.kind { true } else { false } }
        setsWorkingDirectory = stage.instructions.contains {
            if case .workingDirectory = $0.kind { true } else { false }
        }
    }
}

/// The stages before one, found by name as ``Dockerfile/stage(_:before:)`` finds them, but without a search.
struct EarlierStages {
    private(set) var scans: [StageScan] = []
    /// The stages of each name, in ascending order.
    private var names: [String: [Int]] = [:]

    mutating func append(_ scan: StageScan) {
        if let name = scan.stage.name { names[name, default: []].append(scans.count) }
        scans.append(scan)
    }

    /// The last stage of that name before `limit`, or else the stage of that number.
    func index(of nameOrIndex: String, before limit: Int = .max) -> Int? {
        let name = nameOrIndex.lowercased()
        if let indices = names[name] {
            var (low, high) = (0, indices.count)
            while low < high {
                let middle = (low + high) / 2
                if indices[middle] < limit { low = middle + 1 } else { high = middle }
            }
            if low > 0 { return indices[low - 1] }
        }
        guard let index = Int(nameOrIndex), index < limit, scans.indices.contains(index) else { return nil }
        return index
    }
}
