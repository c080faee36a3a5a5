// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI

/// What the user asked for and did not get, although nothing failed.
extension Planner {
    /// Values that no ARG of any stage takes. BuildKit drops them in silence; most are slips of the pen.
    var unusedArguments: [BuildWarning] {
        let instructions = dockerfile.globalArguments + dockerfile.stages.flatMap(\.instructions)
        let declared = declaredByTriggers.union(instructions.flatMap(\.declaredArguments))
        let unused = request.buildArguments.keys.filter {
            !declared.contains($0) && !PredefinedArguments.contains($0)
        }
        return unused.sorted().map { name in
            BuildWarning(
                "--build-arg \(name) is not used: the Dockerfile has no ARG \(name)"
                    + Self.guess(name, among: declared))
        }
    }

    /// Names in --no-cache-filter that no stage has.
    var unknownCacheFilters: [BuildWarning] {
        request.uncachedStages.filter { word in !dockerfile.stages.contains { $0.isCalled(word) } }.map { word in
            BuildWarning(
                "--no-cache-filter \(word): there is no stage of that name"
                    + Self.guess(word, among: dockerfile.stages.compactMap(\.name)))
        }
    }

    /// `FROM --platform=… stage`: the stage has been built for its own platform already.
    func ineffectivePlatforms(_ target: Stage, _ resolvers: [NameResolver]) -> [BuildWarning] {
        resolvers.flatMap { resolver in
            NeededStages(target, resolver: resolver, bases: bases).indices.compactMap { index in
                let stage = dockerfile.stages[index]
                guard let ignored = resolver.ignoredPlatform(of: stage) else { return nil }
                return BuildWarning(
                    "FROM --platform=\(stage.platform ?? ignored.asked.description) \(stage.baseName) has no effect: "
                        + "the stage is built for \(ignored.actual); set the platform where that stage begins",
                    line: stage.lines.lowerBound)
            }
        }
    }

    private static func guess(_ word: String, among names: some Collection<String>) -> String {
        Spelling.nearest(to: word, among: names).map { " (did you mean \($0)?)" } ?? ""
    }
}

extension Instruction {
    /// The names that the instruction declares, when it is an ARG.
    var declaredArguments: [String] {
        guard case .argument(let declarations) = kind else { return [] }
        return declarations.map(\.name)
    }
}
