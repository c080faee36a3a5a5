// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI

/// Which named contexts a build uses: one that nothing uses is most likely misspelt.
struct ContextUse {
    private var used: Set<NamedContext> = []
    /// The names that the Dockerfile uses.
    private var names: Set<String> = []

    init(_ target: Stage, resolvers: [NameResolver], bases: [ImageNeed: BaseImage]) {
        for resolver in resolvers {
            for index in NeededStages(target, resolver: resolver, bases: bases).indices {
                let stage = resolver.dockerfile.stages[index]
                names.formUnion([stage.name, stage.baseName].compactMap(\.self))
                if let context = resolver.context(of: stage) { used.insert(context) }
                guard !resolver.isReplaced(stage) else { continue }
                let base = try? resolver.base(of: stage)
                let triggers = base.flatMap { try? Triggers.instructions(of: $0, for: stage, resolver, bases) } ?? []
                for name in (triggers + stage.instructions).flatMap(\.origins) {
                    names.insert(name)
                    if let context = try? resolver.context(named: name, in: stage) { used.insert(context) }
                }
            }
        }
    }

    func warnings(for contexts: [NamedContext]) -> [BuildWarning] {
        contexts.filter { !used.contains($0) }.map { context in
            let suggestion = Spelling.nearest(to: context.name, among: names).map { " (did you mean \"\($0)\"?)" }
            return BuildWarning(
                "the build context \"\(context.name)\" is not used: no FROM, --from or stage has this name"
                    + (suggestion ?? ""))
        }
    }
}
