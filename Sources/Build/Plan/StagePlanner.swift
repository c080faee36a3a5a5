// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI
import Remote

/// Plans the instructions of one stage for one target platform.
struct StagePlanner {
    let stage: Stage
    let resolver: NameResolver
    let request: BuildRequest
    var state: StageState
    /// The number of the step that was planned last; FROM is the first.
    var stepNumber = 1
    var stepCount = 1
    /// What the user should know of the instructions so far.
    var warnings: [BuildWarning] = []

    init(stage: Stage, resolver: NameResolver, request: BuildRequest, state: StageState) {
        self.stage = stage
        self.resolver = resolver
        self.request = request
        self.state = state
    }

    // MARK: Steps

    func operation(for copy: Copy, at instruction: Instruction) throws -> CopyOperation {
        for source in copy.transfer.sources {
            guard let remote = try Self.remote(source, at: instruction) else { continue }
            let what =
                switch remote {
                case .git: "git ref"
                case .file: "URL"
                }
            throw instruction.error("source can't be a \(what) for COPY", culprit: source)
        }
        var operation = try operation(for: copy.transfer, at: instruction)
        operation.parents = copy.parents ? .kept : .dropped
        return operation
    }

    func operation(for transfer: Transfer, at instruction: Instruction) throws -> CopyOperation {
        let mode: ModeChange?
        do { mode = try transfer.modeChange() } catch { throw error.at(instruction.lines) }
        var destination = Paths.resolve(transfer.destination, against: state.workingDirectory)
        let namesDirectory =
            transfer.destination.hasSuffix("/") || transfer.destination.hasSuffix("/.") || transfer.destination == "."
        if namesDirectory && !destination.hasSuffix("/") { destination += "/" }
        return CopyOperation(
            keyword: instruction.keyword, sources: transfer.sources,
            files: transfer.inlineFiles.map { InlineFile(name: $0.name, content: $0.content) },
            destination: destination, owner: transfer.chown.flatMap { $0.isEmpty ? nil : $0 }, mode: mode,
            excludes: transfer.excludes, isIndependent: transfer.link)
    }

    /// Changes the working directory and says what has to be made.
    mutating func changeDirectory(to path: String) -> WorkdirOperation {
        let absolute = Paths.resolve(path, against: state.workingDirectory)
        state.config.workingDir = absolute
        return WorkdirOperation(path: absolute, user: state.config.user ?? "")
    }
}
