// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile

/// The stages that the target needs for one platform; others are neither resolved nor planned.
struct NeededStages {
    /// In ascending order, so that each comes after all that it needs.
    let indices: [Int]
    /// The stages that nobody needs any more once the stage of the key is done.
    let lastUses: [Int: [Int]]

    /// Marks from the target down: stages refer only to earlier ones, so whoever needs a stage has been looked at
    /// before the stage itself.
    ///
    /// What is wrong with a stage is not told here but by those who go through the stages in order, so that the first
    /// mistake in the file is reported first.
    ///
    /// - Parameter bases: the images that are known; their ONBUILD triggers may need stages.
    init(_ target: Stage, resolver: NameResolver, bases: [ImageNeed: BaseImage]) {
        let stages = resolver.dockerfile.stages
        var isNeeded = [Bool](repeating: false, count: target.index) + [true]
        var lastUses: [Int: [Int]] = [:]
        for index in isNeeded.indices.reversed() where isNeeded[index] {
            for needed in Self.stagesNeeded(by: stages[index], resolver, bases) where !isNeeded[needed] {
                isNeeded[needed] = true
                lastUses[index, default: []].append(needed)
            }
        }
        indices = isNeeded.indices.filter { isNeeded[$0] }
        self.lastUses = lastUses
    }

    private static func stagesNeeded(
        by stage: Stage, _ resolver: NameResolver, _ bases: [ImageNeed: BaseImage]
    ) -> [Int] {
        if resolver.isReplaced(stage) { return [] }
        var needed: [Int] = []
        let base = try? resolver.base(of: stage)
        if case .stage(let index) = base { needed.append(index) }
        let triggers = base.flatMap { try? Triggers.instructions(of: $0, for: stage, resolver, bases) }
        for instruction in (triggers ?? []) + stage.instructions {
            for name in instruction.origins {
                let origin = try? resolver.origin(named: name, at: instruction, in: stage)
                if case .stage(let index) = origin { needed.append(index) }
            }
        }
        return needed
    }
}
