// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// Collects vertices and merges equal ones.
struct GraphBuilder {
    private(set) var graph = BuildGraph()
    private var known: [Key: Int] = [:]

    private struct Key: Hashable {
        var operation: BuildGraph.Operation
        var parent: Int?
        var sources: [Int]
        var cachePolicy: CachePolicy
    }

    /// Adds a step, or finds the equal one that another platform or stage has added, and notes that `platform` too
    /// needs it.
    mutating func add(
        _ operation: BuildGraph.Operation, parent: Int? = nil, sources: [Int] = [], cachePolicy: CachePolicy,
        for platform: Platform, shownAs appearance: Appearance
    ) -> Int {
        let key = Key(operation: operation, parent: parent, sources: sources, cachePolicy: cachePolicy)
        if let id = known[key] {
            let step = graph.vertices[id].step
            if !step.platforms.contains(platform) {
                graph.vertices[id].step = BuildStep(
                    id: id, platforms: step.platforms + [platform], stage: step.stage, position: step.position,
                    title: step.title, lines: step.lines, culprit: step.culprit)
            }
            return id
        }
        let id = graph.vertices.count
        let step = BuildStep(
            id: id, platforms: [platform], stage: appearance.stage, position: appearance.position,
            title: appearance.title, lines: appearance.lines, culprit: appearance.culprit)
        graph.vertices.append(
            BuildGraph.Vertex(
                id: id, operation: operation, parent: parent, sources: sources, step: step, cachePolicy: cachePolicy))
        known[key] = id
        return id
    }

    /// Adds an image that the build is to make.
    mutating func add(_ image: PlannedImage) {
        graph.images.append(image)
        var vertex: Int? = image.vertex
        // What is below a vertex that is in an image is in that image, too.
        while let id = vertex, !graph.vertices[id].isInImage {
            graph.vertices[id].isInImage = true
            vertex = graph.vertices[id].parent
        }
    }

    /// What a person reads of a step.
    struct Appearance {
        var stage: String?
        var position: BuildStep.Position?
        var title: String
        var lines: ClosedRange<Int>?
        /// What of the lines the step is about, as it is written there.
        var culprit: String?
    }
}
