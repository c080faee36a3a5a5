// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Dockerfile
import OCI

/// Turns instructions × platforms × options into one graph.
package struct Planner {
    let dockerfile: Dockerfile
    let request: BuildRequest
    let bases: [ImageNeed: BaseImage]
    private var builder = GraphBuilder()
    /// The stages of the platform that is being planned that are done and still needed.
    private var finished: [Int: StageState] = [:]
    /// What each stage adds to the history of what it starts from. Kept apart: in a chain of stages, whole histories
    /// would take room for every step in every later stage.
    private var histories: [Int: StageHistory] = [:]
    /// What the user should know, each once for all platforms.
    package private(set) var warnings: [BuildWarning] = []
    /// The ARGs that base images' triggers declare.
    var declaredByTriggers: Set<String> = []

    private struct StageHistory {
        var parent: Int?
        var entries: [PlannedHistory]
    }

    package init(dockerfile: Dockerfile, request: BuildRequest, bases: [ImageNeed: BaseImage]) {
        self.dockerfile = dockerfile
        self.request = request
        self.bases = bases
    }

    /// Plans the target stage for every platform.
    ///
    /// - Throws: ``DockerfileError``.
    package mutating func plan(_ target: Stage, resolvers: [NameResolver]) throws -> BuildGraph {
        for resolver in resolvers {
            (finished, histories) = ([:], [:])
            let needed = NeededStages(target, resolver: resolver, bases: bases)
            for index in needed.indices {
                try plan(dockerfile.stages[index], resolver)
                for done in needed.lastUses[index] ?? [] { finished[done] = nil }
            }
            let state = try finishedStage(target.index, for: target.lines)
            builder.add(
                PlannedImage(
                    target: resolver.target, platform: state.platform, vertex: state.vertex, base: state.base,
                    config: state.finishedConfig, author: state.author, history: history(of: target.index)))
        }
        warn(unusedArguments + unknownCacheFilters + ineffectivePlatforms(target, resolvers))
        return builder.graph
    }

    private mutating func warn(_ list: [BuildWarning]) {
        for warning in list where !warnings.contains(warning) { warnings.append(warning) }
    }

    private mutating func plan(_ stage: Stage, _ resolver: NameResolver) throws {
        let (state, parent, triggers) = try begin(stage, resolver)
        declaredByTriggers.formUnion(triggers.flatMap(\.declaredArguments))
        let instructions = resolver.isReplaced(stage) ? [] : triggers + stage.instructions
        var stagePlanner = StagePlanner(stage: stage, resolver: resolver, request: request, state: state)
        stagePlanner.stepCount = instructions.filter(\.makesLayer).count + 1
        for instruction in instructions { try apply(instruction, to: &stagePlanner) }
        warn(stagePlanner.warnings)
        histories[stage.index] = StageHistory(parent: parent, entries: stagePlanner.state.history)
        finished[stage.index] = stagePlanner.state
    }

    private func finishedStage(_ index: Int, for lines: ClosedRange<Int>) throws -> StageState {
        guard let state = finished[index] else {
            throw DockerfileError("stage \(index) is used but was not found to be needed", lines: lines)
        }
        return state
    }

    /// The history of a stage, from that of the image that its first stage starts from.
    private func history(of stage: Int) -> [PlannedHistory] {
        var parts: [[PlannedHistory]] = []
        var next: Int? = stage
        while let index = next, let history = histories[index] {
            parts.append(history.entries)
            next = history.parent
        }
        return parts.reversed().flatMap { $0 }
    }

    /// The state right after FROM, the stage that it is from, and the instructions that the base brings.
    private mutating func begin(
        _ stage: Stage, _ resolver: NameResolver
    ) throws -> (state: StageState, parent: Int?, triggers: [Instruction]) {
        let platform = try resolver.platform(of: stage)
        let base = try resolver.base(of: stage)
        let appearance = GraphBuilder.Appearance(
            stage: stage.label, position: nil, title: "FROM \(base.title)", lines: stage.lines)
        switch base {
        case .scratch:
            let vertex = builder.add(.scratch, cachePolicy: .use, for: resolver.target, shownAs: appearance)
            return (StageState(scratch: vertex, platform: platform), nil, [])
        case .image(let need):
            guard let image = bases[need] else {
                throw DockerfileError("\(need.reference.familiar) was not resolved", lines: stage.lines)
            }
            let vertex = builder.add(.base(image), cachePolicy: .use, for: resolver.target, shownAs: appearance)
            var state = StageState(image: image, vertex: vertex, platform: platform)
            // An image in a stage's place is left as it is: its triggers are for those that start from the stage.
            if resolver.isReplaced(stage) {
                state.config.onBuild = image.config.config?.onBuild
                return (state, nil, [])
            }
            return (state, nil, try Triggers.instructions(of: image, for: stage))
        case .files(let directory):
            let scratch = builder.add(.scratch, cachePolicy: .use, for: resolver.target, shownAs: appearance)
            let files = filesVertex(directory, for: resolver.target, shownAs: appearance)
            let vertex = builder.add(
                .copy(CopyOperation(sources: ["/"], destination: "/")), parent: scratch, sources: [files],
                cachePolicy: request.cachePolicy, for: resolver.target, shownAs: appearance)
            var state = StageState(scratch: scratch, platform: platform)
            state.advance(to: vertex, createdBy: appearance.title)
            return (state, nil, [])
        case .stage(let index):
            let parent = try finishedStage(index, for: stage.lines)
            let triggers = try Triggers.instructions(parent.config.onBuild ?? [], for: stage)
            return (StageState(stage: parent), index, triggers)
        }
    }

    private mutating func apply(_ written: Instruction, to stage: inout StagePlanner) throws {
        let instruction = try written.expanded(with: stage.state.variables, by: dockerfile.expander)
        let createdBy = instruction.historyText(stage.state.historyContext)
        let operation: BuildGraph.Operation
        var sources: [Int] = []
        switch instruction.kind {
        case .run(let run):
            operation = .run(try stage.operation(for: run, at: instruction))
            sources = try run.mounts.compactMap(\.from).compactMap { name in
                try sourceVertex(
                    stage.resolver.origin(named: name, at: instruction, in: stage.stage), instruction, stage)
            }
        case .copy(let copy):
            operation = .copy(try stage.operation(for: copy, at: instruction))
            let origin = try stage.resolver.origin(of: copy, at: instruction, in: stage.stage)
            sources = try sourceVertex(origin, instruction, stage).map { [$0] } ?? []
        case .add(let add):
            let (copy, fetches) = try stage.operation(for: add, at: instruction)
            operation = .copy(copy)
            let words = if case .add(let add) = written.kind { add.transfer.sources } else { [String]() }
            sources = fetches.map {
                fetchVertex($0.operation, writtenAs: words[$0.source], for: instruction, in: stage)
            }
        case .workingDirectory(let path):
            let directory = stage.changeDirectory(to: path)
            guard directory.path != "/" else {
                stage.state.history.append(.metadata(createdBy: createdBy ?? ""))
                return
            }
            operation = .makeDirectory(directory)
        default:
            return try stage.applyMetadata(instruction)
        }
        let vertex = add(operation, sources: sources, for: instruction, in: &stage)
        stage.state.advance(to: vertex, createdBy: createdBy)
    }

    private mutating func sourceVertex(
        _ origin: CopyOrigin, _ instruction: Instruction, _ stage: StagePlanner
    ) throws -> Int? {
        switch origin {
        case .context: nil
        case .stage(let index): try finishedStage(index, for: instruction.lines).vertex
        case .image(let need): try imageVertex(need, for: instruction, in: stage)
        case .scratch:
            builder.add(
                .scratch, cachePolicy: .use, for: stage.resolver.target,
                shownAs: appearance(of: instruction, in: stage, from: "scratch"))
        case .files(let directory):
            filesVertex(
                directory, for: stage.resolver.target,
                shownAs: appearance(of: instruction, in: stage, from: directory.name))
        }
    }

    private mutating func filesVertex(
        _ directory: ContextDirectory, for platform: Platform, shownAs appearance: GraphBuilder.Appearance
    ) -> Int {
        builder.add(.files(directory), cachePolicy: .use, for: platform, shownAs: appearance)
    }

    private func appearance(
        of instruction: Instruction, in stage: StagePlanner, from name: String
    ) -> GraphBuilder.Appearance {
        GraphBuilder.Appearance(
            stage: stage.stage.label, position: nil, title: "FROM \(name)", lines: instruction.lines)
    }

    private mutating func add(
        _ operation: BuildGraph.Operation, sources: [Int], for instruction: Instruction, in stage: inout StagePlanner
    ) -> Int {
        stage.stepNumber += 1
        return builder.add(
            operation, parent: stage.state.vertex, sources: sources, cachePolicy: cachePolicy(of: stage.stage),
            for: stage.resolver.target,
            shownAs: GraphBuilder.Appearance(
                stage: stage.stage.label,
                position: BuildStep.Position(number: stage.stepNumber, count: stage.stepCount),
                title: instruction.text, lines: instruction.lines))
    }

    private func cachePolicy(of stage: Stage) -> CachePolicy {
        request.uncachedStages.contains { stage.isCalled($0) } ? .refresh : request.cachePolicy
    }

    /// What is fetched does not depend on the platform.
    private mutating func fetchVertex(
        _ fetch: FetchOperation, writtenAs word: String, for instruction: Instruction, in stage: StagePlanner
    ) -> Int {
        builder.add(
            .fetch(fetch), cachePolicy: cachePolicy(of: stage.stage), for: stage.resolver.target,
            shownAs: GraphBuilder.Appearance(
                stage: stage.stage.label, position: nil, title: fetch.title, lines: instruction.lines,
                culprit: word))
    }

    private mutating func imageVertex(
        _ need: ImageNeed, for instruction: Instruction, in stage: StagePlanner
    ) throws -> Int {
        guard let image = bases[need] else {
            throw instruction.error("\(need.reference.familiar) was not resolved")
        }
        return builder.add(
            .base(image), cachePolicy: .use, for: stage.resolver.target,
            shownAs: appearance(of: instruction, in: stage, from: need.reference.familiar))
    }
}

extension Stage {
    /// What progress calls the stage.
    var label: String { name ?? "stage-\(index)" }

    /// Whether a word names the stage: by its name, whatever the case, or by its number.
    func isCalled(_ word: String) -> Bool { name == word.lowercased() || String(index) == word }
}

extension Instruction {
    /// Whether the instruction changes the file system and not only the config.
    var makesLayer: Bool {
        switch kind {
        case .run, .copy, .add, .workingDirectory: true
        default: false
        }
    }
}
