// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Keeps nothing: the steps are done, and later builds find what they made.
public struct CacheOnlyExporter: Exporter {
    public init() {}

    public let title = "keep the cache"

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        Publication(places: [], reach: .store) { _ in }
    }
}
