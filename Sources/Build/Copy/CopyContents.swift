// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI
import SystemPackage

/// Where the bytes of a plan's files are, by the number of the source that the plan names.
struct CopyContents: Sendable {
    /// A source of files.
    enum Source: Sendable {
        case tree(any CopySource)
        /// An archive, whose files come in its own order.
        case archive(ArchiveFile, name: String)
    }

    private(set) var sources: [Source] = []

    /// Adds a source and returns its number.
    mutating func add(_ source: Source) -> Int {
        sources.append(source)
        return sources.count - 1
    }

    /// Writes everything that a plan says: what archives hold after all else, in their order, so that each is read once
    /// and from beginning to end; hard links after the files that they name.
    ///
    /// - Throws: ``LayersError``, ``CopyError``, `CancellationError`.
    func writer(for plan: CopyPlan) async throws -> (LayerWriter) throws -> Void {
        var readers: [Int: any CopyReader] = [:]
        var archived: [Int: [TreePath: CopyPlan.Item]] = [:]
        var (first, last): ([CopyPlan.Item], [CopyPlan.Item]) = ([], [])
        var paths: [Int: [TreePath]] = [:]
        for item in plan.entries {
            if case .hardLink = item.entry.kind {
                last.append(item)
            } else if case .source(let path, let number) = item.content, case .archive = sources[number] {
                archived[number, default: [:]][path] = item
            } else {
                if case .source(let path, let number) = item.content { paths[number, default: []].append(path) }
                first.append(item)
            }
        }
        for (number, paths) in paths {
            if case .tree(let files) = sources[number] { readers[number] = try await files.reader(for: paths) }
        }
        let job = Job(sources: sources, readers: readers, first: first, archived: archived, last: last)
        return { try job.write(to: $0) }
    }

    /// What is to be written, with everything open that is needed for it.
    private struct Job {
        let sources: [Source]
        let readers: [Int: any CopyReader]
        let first: [CopyPlan.Item]
        let archived: [Int: [TreePath: CopyPlan.Item]]
        let last: [CopyPlan.Item]

        func write(to writer: LayerWriter) throws {
            for item in first { try append(item, to: writer) }
            for (number, items) in archived.sorted(by: { $0.key < $1.key }) {
                guard case .archive(let archive, let name) = sources[number] else { continue }
                do { try append(items, of: archive, to: writer) } catch let error as LayersError {
                    throw CopyError.damagedArchive(name, reason: error.description)
                }
            }
            for item in last { try writer.append(item.entry) }
        }

        private func append(_ item: CopyPlan.Item, to writer: LayerWriter) throws {
            switch item.content {
            case .none: try writer.append(item.entry)
            case .bytes(let bytes): try writer.append(item.entry, content: .bytes(bytes))
            case .source(let path, let number):
                guard let reader = readers[number] else { throw CopyError.notFound("/\(path)") }
                let file = try reader.open(path)
                defer { try? file.close() }
                try check(writer.append(item.entry, content: .file(file)), item, path)
            }
        }

        private func append(_ items: [TreePath: CopyPlan.Item], of archive: ArchiveFile, to writer: LayerWriter) throws
        {
            var missing = Set(items.keys)
            try archive.forEachFile { path, content in
                guard let item = items[path] else { return }
                try check(writer.append(item.entry, content: .pieces(content)), item, path)
                missing.remove(path)
            }
            if let path = missing.min() {
                throw LayersError.fileChanged(path, expectedSize: items[path]?.entry.size ?? 0)
            }
        }

        private func check(_ written: TreeEntry, _ item: CopyPlan.Item, _ path: TreePath) throws {
            if let expected = item.entry.digest, written.digest != expected {
                throw LayersError.fileChanged(path, expectedSize: item.entry.size)
            }
        }
    }
}
