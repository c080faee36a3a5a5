// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Store

/// Images of the layouts that named contexts stand for, and all others from where they come from otherwise.
struct ContextImageSource: ImageSource {
    private let others: any ImageSource
    private let layouts: [Reference: OCILayoutSource]

    init(_ contexts: [NamedContext], others: any ImageSource) {
        self.others = others
        var layouts: [Reference: OCILayoutSource] = [:]
        for context in contexts {
            if case .layout(let layout) = context.source { layouts[layout.reference] = layout }
        }
        self.layouts = layouts
    }

    func resolve(_ reference: Reference, for platforms: [Platform]) async throws -> [Platform: BaseResolution] {
        try await source(of: reference).resolve(reference, for: platforms)
    }

    func fetch(
        _ blob: Descriptor, of reference: Reference, into store: Store,
        progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws {
        try await source(of: reference).fetch(blob, of: reference, into: store, progress: progress)
    }

    private func source(of reference: Reference) -> any ImageSource { layouts[reference] ?? others }
}
