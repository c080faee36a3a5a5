// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// An instruction with its variables replaced.
struct InstructionScan: Sendable {
    let written: Instruction
    /// As written when it could not be expanded; the build will say why.
    let expanded: Instruction
    /// The variables that it uses and nobody set, with what was probably meant.
    let undefined: [(name: String, suggestion: String?)]
}

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
    private(set) var dependencies: [Int]
    private(set) var instructions: [InstructionScan] = []
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

    private(set) var variables: Variables
    private(set) var declared: Set<String>

    init(
        _ stage: Stage, in dockerfile: Dockerfile, context: LintContext, globals: GlobalScope,
        earlier: EarlierStages, suggestions: inout Suggestions
    ) {
        self.stage = stage
        let expander = dockerfile.expander
        var usage = VariableUsage()
        base = (try? expander.expand(stage.baseName, with: globals.variables, usage: &usage)) ?? stage.baseName
        baseUsage = usage
        usage = VariableUsage()
        platform = stage.platform.map { (try? expander.expand($0, with: globals.variables, usage: &usage)) ?? $0 }
        platformUsage = usage

        undefinedInFrom = baseUsage.unmet.union(platformUsage.unmet).subtracting(globals.names).sorted().map {
            ($0, suggestions.nearest(to: $0, among: globals.names))
        }
        let isNamedContext = context.namedContexts.contains(base)
        let parent = isNamedContext ? nil : earlier.index(of: base)
        self.parent = parent
        let inherited = parent.map { earlier.scans[$0] }
        dependencies = inherited.map { [$0.stage.index] } ?? []

        let defaultBase = (try? expander.expand(stage.baseName, with: globals.defaults)) ?? stage.baseName
        hasInvalidDefaultBase =
            !isNamedContext && !(baseUsage.met.isEmpty && baseUsage.unmet.isEmpty)
            && earlier.index(of: defaultBase) == nil && (try? Reference(defaultBase)) == nil

        if let inherited {
            pin = inherited.pin
        } else if stage.platform == nil || platformUsage.met == ["TARGETPLATFORM"] {
            pin = .target
        } else {
            pin = platformUsage.met == ["BUILDPLATFORM"] ? .build : .fixed
        }

        hasPrefixedBase = inherited?.hasPrefixedBase ?? (PrefixedBase(base) != nil)

        let image = context.baseImages[stage.index]?.first
        variables = inherited?.variables ?? ["PATH": ""]
        declared = inherited?.declared ?? []
        if inherited == nil { variables.merge(Variables(lines: image?.environment ?? [])) }
        knowsEnvironment =
            inherited?.knowsEnvironment ?? (image?.environment != nil || (base == "scratch" && !isNamedContext))
        inheritsShell = inherited.map { $0.inheritsShell || $0.setsShell } ?? (image?.shell.isEmpty == false)
        inheritsWorkingDirectory = inherited.map { $0.inheritsWorkingDirectory || $0.setsWorkingDirectory } ?? false

        for instruction in stage.instructions {
            let scan = scan(instruction, expander: expander, context: context, globals: globals, &suggestions)
            instructions.append(scan)
            for name in Self.sources(of: scan.expanded) where !context.namedContexts.contains(name) {
                if let index = earlier.index(of: name) { dependencies.append(index) }
            }
        }
    }

    var setsShell: Bool { stage.instructions.contains { if case .shell = $0.kind { true } else { false } } }
    var setsWorkingDirectory: Bool {
        stage.instructions.contains { if case .workingDirectory = $0.kind { true } else { false } }
    }

    /// Names that are used without being variables of the build.
    private static let builderNames: Set<String> = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]

    /// Expands one instruction, then does what it does to the variables.
    private mutating func scan(
        _ instruction: Instruction, expander: Expander, context: LintContext, globals: GlobalScope,
        _ suggestions: inout Suggestions
    ) -> InstructionScan {
        var usage = VariableUsage()
        var expanded = instruction
        var assigned: [NameValue] = []
        var names: [String] = []
        if case .argument(let declarations) = instruction.kind {
            for declaration in declarations {
                names.append(declaration.name)
                if let value = context.buildArguments[declaration.name] {
                    assigned.append(NameValue(name: declaration.name, value: value))
                } else if declaration.defaultValue == nil {
                    // The value of the global ARG, of the platform argument, or none at all.
                    guard let value = globals.variables[declaration.name] else { continue }
                    assigned.append(NameValue(name: declaration.name, value: value))
                } else if let value = try? declaration.expanded(with: variables, by: expander, usage: &usage) {
                    assigned.append(NameValue(name: declaration.name, value: value.defaultValue ?? ""))
                }
            }
        } else {
            expanded =
                (try? instruction.expanded(with: variables, by: expander, usage: &usage)) ?? instruction
            if case .environment(let pairs) = expanded.kind { assigned = pairs }
        }
        let unmet = usage.unmet.subtracting(declared).subtracting(Self.builderNames).sorted()
        var undefined: [(name: String, suggestion: String?)] = []
        if !unmet.isEmpty {
            // Where the base image may set names nobody knows here, only those that the file itself sets tell a slip.
            let candidates = variables.names.filter { knowsEnvironment || $0 != "PATH" }
            undefined = unmet.map { ($0, suggestions.nearest(to: $0, among: candidates)) }
        }
        declared.formUnion(names)
        for pair in assigned { variables[pair.name] = pair.value }
        return InstructionScan(written: instruction, expanded: expanded, undefined: undefined)
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

/// The stages before one, found by name as ``Dockerfile/stage(_:before:)`` finds them, but without a search.
struct EarlierStages {
    private(set) var scans: [StageScan] = []
    private var names: [String: Int] = [:]

    mutating func append(_ scan: StageScan) {
        if let name = scan.stage.name { names[name] = scans.count }
        scans.append(scan)
    }

    func index(of nameOrIndex: String) -> Int? {
        if let index = names[nameOrIndex.lowercased()] { return index }
        guard let index = Int(nameOrIndex), scans.indices.contains(index) else { return nil }
        return index
    }
}
