// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import OCI
import SystemPackage

/// Plans a Dockerfile's text without touching a file.
func plan(
    _ text: String, for platforms: [String] = ["linux/amd64"], images: TestImages = TestImages(),
    _ change: (inout BuildRequest) -> Void = { _ in }
) async throws -> BuildGraph {
    try await planWithWarnings(text, for: platforms, images: images, change).graph
}

/// Plans a Dockerfile's text, and what the user is told of it, as "line: message".
func planWithWarnings(
    _ text: String, for platforms: [String] = ["linux/amd64"], images: TestImages = TestImages(),
    _ change: (inout BuildRequest) -> Void = { _ in }
) async throws -> (graph: BuildGraph, warnings: [String]) {
    let dockerfile = try Dockerfile(parsing: Array(text.utf8))
    var request = BuildRequest(context: FilePath("/nowhere"), platforms: try platforms.map { try Platform($0) })
    change(&request)
    let host = try Platform("linux/amd64")
    let resolvers = try request.platforms.map {
        try NameResolver(dockerfile, request: request, host: host, target: $0)
    }
    let target = request.target.flatMap { dockerfile.stage($0) } ?? dockerfile.stages[dockerfile.stages.count - 1]
    let bases = try await BaseResolver(dockerfile: dockerfile, source: images, events: EventRelay { _ in }).resolve(
        target, resolvers: resolvers)
    var planner = Planner(dockerfile: dockerfile, request: request, bases: bases)
    let graph = try planner.plan(target, resolvers: resolvers)
    return (graph, planner.warnings.map { ($0.line.map { "\($0): " } ?? "") + $0.message })
}

/// Images that most plans start from.
func commonImages() throws -> TestImages {
    let images = TestImages()
    try images.add("base", for: ["linux/amd64", "linux/arm64", "linux/arm/v7"])
    return images
}

extension BuildGraph {
    /// Every step with the architectures that share it, as "RUN x [amd64 arm]".
    var outline: [String] {
        vertices.map { vertex in
            "\(vertex.step.title) [\(vertex.step.platforms.map(\.architecture).joined(separator: " "))]"
        }
    }

    /// The RUN steps.
    var runs: [RunOperation] {
        vertices.compactMap { if case .run(let operation) = $0.operation { operation } else { nil } }
    }

    /// The COPY and ADD steps.
    var copies: [CopyOperation] {
        vertices.compactMap { if case .copy(let operation) = $0.operation { operation } else { nil } }
    }
}

extension PlannedImage {
    /// What the history says of each step of this build.
    var createdBy: [String] {
        history.compactMap { entry in
            switch entry {
            case .inherited: nil
            case .layer(_, let text): text
            case .metadata(let text): "(\(text))"
            }
        }
    }
}
