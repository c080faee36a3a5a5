// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI

/// Finds which stages and images a build needs, so that every base is known before anything runs.
struct ImageNeeds {
    /// The images that are not resolved yet, with the first line that names each, in the order they were met.
    private(set) var missing: [(need: ImageNeed, line: Int)] = []
    private var known: Set<ImageNeed>

    /// Goes through the target stage and everything that it needs, for all platforms.
    ///
    /// - Parameter resolved: images that are known already; their ONBUILD triggers may ask for more.
    /// - Throws: ``DockerfileError``.
    init(
        _ dockerfile: Dockerfile, target: Stage, resolvers: [NameResolver], resolved: [ImageNeed: BaseImage]
    ) throws {
        known = Set(resolved.keys)
        for resolver in resolvers {
            for index in NeededStages(target, resolver: resolver, bases: resolved).indices {
                let stage = dockerfile.stages[index]
                let base = try resolver.base(of: stage)
                if case .image(let need) = base { note(need, line: stage.lines.lowerBound) }
                if resolver.isReplaced(stage) { continue }
                let triggers = try Triggers.instructions(of: base, for: stage, resolver, resolved)
                for instruction in triggers + stage.instructions { try note(instruction, in: stage, resolver) }
            }
        }
    }

    private mutating func note(_ instruction: Instruction, in stage: Stage, _ resolver: NameResolver) throws {
        for name in instruction.origins {
            let origin = try resolver.origin(named: name, at: instruction, in: stage)
            if case .image(let need) = origin { note(need, line: instruction.lines.lowerBound) }
        }
    }

    private mutating func note(_ need: ImageNeed, line: Int) {
        if known.insert(need).inserted { missing.append((need, line)) }
    }
}

extension Instruction {
    /// The stages and images that the instruction takes files from.
    var origins: [String] {
        switch kind {
        case .copy(let copy): copy.from.map { [$0] } ?? []
        case .run(let run): run.mountOrigins
        default: []
        }
    }
}

/// ONBUILD triggers that a base image brings.
enum Triggers {
    /// The instructions to run right after FROM; none of an image that is not known yet.
    ///
    /// - Throws: ``DockerfileError`` with the lines of FROM.
    static func instructions(
        of base: StageBase, for stage: Stage, _ resolver: NameResolver, _ bases: [ImageNeed: BaseImage]
    ) throws -> [Instruction] {
        switch base {
        case .scratch, .files: return []
        case .stage(let index):
            let parent = resolver.dockerfile.stages[index]
            guard resolver.isReplaced(parent) else { return try instructions(of: parent, for: stage) }
            return try instructions(of: resolver.base(of: parent), for: stage, resolver, bases)
        case .image(let need): return try bases[need].map { try instructions(of: $0, for: stage) } ?? []
        }
    }

    /// The instructions that an image leaves to those that start from it.
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
