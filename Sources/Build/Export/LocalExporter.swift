// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Images
import Layers
import OCI
import Store
public import SystemPackage

/// Writes the files of the images into a directory, as files of whoever runs the program.
public struct LocalExporter: Exporter {
    /// What becomes of files that are in the directory and not in the result.
    public enum Mode: String, Sendable, CaseIterable { case copy, delete }

    let destination: FilePath
    let mode: Mode
    let splitsPlatforms: Bool?
    private let spared: [FilePath]

    /// - Parameters:
    ///   - splitsPlatforms: whether every platform gets a directory of its own; nil when there are several.
    ///   - spared: directories that ``Mode/delete`` must not reach.
    public init(destination: FilePath, mode: Mode = .copy, splitsPlatforms: Bool?, sparing spared: [FilePath] = []) {
        self.spared = spared
        self.destination = destination
        self.mode = mode
        self.splitsPlatforms = splitsPlatforms
    }

    public var title: String { "write the files to \(destination)" }

    public func prepare() async throws {
        if mode == .delete, let destination = Self.real(destination) {
            for place in spared.compactMap(Self.real) where place.starts(with: destination) {
                throw BuildError.output(
                    "mode=delete would remove \(place), which is in \(destination)",
                    remedy: "give the files a directory of their own, or leave out mode=delete")
            }
        }
        try OutputFailure.check(folder: destination, for: destination.string)
    }

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        let split: FileSystemExport.Split = splitsPlatforms ?? result.isOfSeveral ? .directories : .merged
        let export = try await FileSystemExport(result, split: split)
        let total = export.items.reduce(0) { $0 + $1.entry.size }
        let tree = try OutputFailure.explaining(destination.string) {
            try Files.makeDirectories(destination, mode: 0o755)
            let writer = try HostTreeWriter(into: destination)
            var completed: Int64 = 0
            var skipped: [TreePath] = []
            try export.forEach { entry, content in
                if try !writer.add(entry, content: content) { skipped.append(entry.path) }
                if entry.kind == .file {
                    completed += entry.size
                    progress(completed, total)
                }
            }
            warn(of: skipped, result)
            return StagedTree(writer: writer)
        }
        return Publication(places: [destination.string], reach: .files) { _ in
            try OutputFailure.explaining(destination.string) {
                try tree.writer.commit(mode == .delete ? .removed : .kept)
            }
        }
    }

    /// Where a path leads; nil when nothing is there.
    private static func real(_ path: FilePath) -> FilePath? {
        guard let text = realpath(path.string, nil) else { return nil }
        defer { free(text) }
        return FilePath(platformString: text)
    }

    private func warn(of skipped: [TreePath], _ result: BuildResult) {
        guard let first = skipped.first else { return }
        let others = skipped.count == 1 ? "" : " and \(skipped.count - 1) more"
        result.warn(
            BuildWarning("\(destination): devices and pipes are left out: /\(first)\(others); type=tar has them"))
    }
}

/// Hands a writer from the task that filled it to the one that publishes, one after the other.
private final class StagedTree: @unchecked Sendable {
    let writer: HostTreeWriter

    init(writer: HostTreeWriter) { self.writer = writer }
}
