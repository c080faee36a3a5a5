// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Dockerfile
import Layers
import OCI

/// A COPY on small trees: what it reads, where it goes, what the layer then has.
struct Copying {
    var source: [TestFile]
    var destination: [TestFile]

    init(from source: [TestFile], onto destination: [TestFile] = []) {
        self.source = source
        self.destination = destination
    }

    /// What COPY adds, one line for each entry: path (with a slash for directories), mode, owner, and where a link
    /// leads or which file the content comes from.
    func callAsFunction(
        _ sources: String..., to place: String, owner: (uid: UInt32, gid: UInt32)? = nil, mode: String? = nil,
        excludes: [String] = [], link: Bool = false, parents: CopyOperation.Parents = .dropped,
        files: [InlineFile] = []
    ) throws -> [String] {
        try plan(
            sources, to: place, owner: owner, mode: mode, excludes: excludes, link: link, parents: parents, files: files
        )
        .entries.map(Self.line)
    }

    func plan(
        _ sources: [String], to place: String, owner: (uid: UInt32, gid: UInt32)? = nil, mode: String? = nil,
        excludes: [String] = [], link: Bool = false, parents: CopyOperation.Parents = .dropped,
        files: [InlineFile] = []
    ) throws -> CopyPlan {
        var operation = CopyOperation(
            sources: sources, files: files, destination: place, mode: try mode.map { try ModeChange($0) },
            excludes: excludes, isIndependent: link)
        operation.parents = parents
        let tree = try LayerStack(files: source)
        var planner = try CopyPlanner(
            operation: operation, destination: link ? LayerStack([]) : LayerStack(files: destination), owner: owner)
        for path in sources {
            for match in try SourceSelection(tree: tree, parents: parents).matches(of: path) {
                try planner.copy(match, from: tree)
            }
        }
        for file in files { try planner.copy(file) }
        return planner.finish()
    }

    static func line(_ item: CopyPlan.Item) -> String {
        var line = line(item.entry)
        if case .source(let path, _) = item.content { line += " < \(path)" }
        if case .bytes(let bytes) = item.content { line += " = \(String(decoding: bytes, as: UTF8.self))" }
        return line
    }

    static func line(_ entry: TreeEntry) -> String {
        var line = "\(entry.path)"
        if entry.isDirectory { line += "/" }
        line += " \(String(entry.mode, radix: 8)) \(entry.uid):\(entry.gid)"
        if case .symlink(let target) = entry.kind { line += " -> \(String(decoding: target, as: UTF8.self))" }
        if case .hardLink(let target) = entry.kind { line += " = \(target)" }
        return line
    }
}
