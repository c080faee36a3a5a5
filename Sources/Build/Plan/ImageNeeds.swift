// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI

/// Finds which stages and images a build needs, so that every base is known before anything runs.
struct ImageNeeds {
    /// The images that are not resolved yet, with the first line that names each, in the order they were met.
    private(set) var missing: [(need: ImageNeed, line: Int)] = []
    private var visited: Set<StageInstance> = []
    private let resolved: [ImageNeed: BaseImage]
    private let dockerfile: Dockerfile

    /// Visits the target stage and everything that it needs, for all platforms.
    ///
    /// - Parameter resolved: images that are known already; their ONBUILD triggers may ask for more.
    /// - Throws: ``DockerfileError``.
    init(
        _ dockerfile: Dockerfile, target: Stage, resolvers: [NameResolver], resolved: [ImageNeed: BaseImage]
    ) throws {
        self.dockerfile = dockerfile
        self.resolved = resolved
        for resolver in resolvers { try visit(target, resolver) }
    }

    private mutating func visit(_ stage: Stage, _ resolver: NameResolver) throws {
        guard visited.insert(StageInstance(stage: stage.index, target: resolver.target)).inserted else { return }
        var triggers: [Instruction] = []
        switch try resolver.base(of: stage) {
        case .scratch: break
        case .stage(let index):
            let base = dockerfile.stages[index]
            try visit(base, resolver)
            triggers = try Triggers.instructions(of: base, for: stage)
        case .image(let need):
            try note(need, line: stage.lines.lowerBound)
            if let base = resolved[need] { triggers = try Triggers.instructions(of: base, for: stage) }
        }
        for instruction in triggers + stage.instructions {
            for name in instruction.origins {
                switch try resolver.origin(named: name, at: instruction, in: stage) {
                case .context: break
                case .stage(let index): try visit(dockerfile.stages[index], resolver)
                case .image(let need): try note(need, line: instruction.lines.lowerBound)
                }
            }
        }
    }

    private mutating func note(_ need: ImageNeed, line: Int) throws {
        guard resolved[need] == nil, !missing.contains(where: { $0.need == need }) else { return }
        missing.append((need, line))
    }
}

extension Instruction {
    /// The stages and images that the instruction takes files from.
    fileprivate var origins: [String] {
        switch kind {
        case .copy(let copy): copy.from.map { [$0] } ?? []
        case .run(let run): run.mountOrigins
        default: []
        }
    }
}

/// ONBUILD triggers that a base image brings.
enum Triggers {
    /// The instructions to run right after FROM.
    ///
    /// - Throws: ``DockerfileError`` with the lines of FROM.
    static func instructions(of base: BaseImage, for stage: Stage) throws -> [Instruction] {
        try instructions(base.config.config?.onBuild ?? [], for: stage)
    }

    /// The instructions that a stage leaves to those that start from it.
    ///
    /// - Throws: ``DockerfileError`` with the lines of FROM.
    static func instructions(of base: Stage, for stage: Stage) throws -> [Instruction] {
        let texts = base.instructions.compactMap { instruction in
            if case .onBuild(let trigger) = instruction.kind { trigger.text } else { nil }
        }
        return try instructions(texts, for: stage)
    }

    /// The instructions of trigger texts.
    ///
    /// - Throws: ``DockerfileError`` with the lines of FROM.
    static func instructions(_ texts: [String], for stage: Stage) throws -> [Instruction] {
        try texts.map { text in
            do throws(DockerfileError) {
                return try Instruction(trigger: text, lines: stage.lines)
            } catch {
                throw DockerfileError("ONBUILD \(text): \(error.message)", lines: stage.lines)
            }
        }
    }
}
