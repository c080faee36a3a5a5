// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile

/// Finds stages by name as ``Dockerfile/stage(_:before:)`` does, but without a search through all of them.
struct StageNames {
    private let count: Int
    /// The stages of each name, in ascending order.
    private var named: [String: [Int]] = [:]

    init(_ dockerfile: Dockerfile) {
        count = dockerfile.stages.count
        for stage in dockerfile.stages {
            if let name = stage.name { named[name, default: []].append(stage.index) }
        }
    }

    /// The last stage of that name (compared without case) before `limit`.
    func index(ofName name: String, before limit: Int = .max) -> Int? {
        guard let indices = named[name.lowercased()] else { return nil }
        var (low, high) = (0, indices.count)
        while low < high {
            let middle = (low + high) / 2
            if indices[middle] < limit { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? indices[low - 1] : nil
    }

    /// The stage of that name or else number before `limit`.
    func index(of nameOrNumber: String, before limit: Int = .max) -> Int? {
        if let index = index(ofName: nameOrNumber, before: limit) { return index }
        guard let index = Int(nameOrNumber), (0..<min(count, limit)).contains(index) else { return nil }
        return index
    }
}
