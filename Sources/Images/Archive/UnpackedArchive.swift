// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import OCI
import Store
import SystemPackage

/// The files of an archive of images, in a directory of their own; it goes with the last who holds this.
///
/// Names in the archive are looked at and never used as paths, but for those that a layout has.
final class UnpackedArchive: Sendable {
    let directory: FilePath
    /// The files that no layout has, by their names.
    private let others: [String: FilePath]
    /// Where links lead that are there in place of files.
    private let links: [String: String]

    /// - Throws: ``ImagesError/badImage(title:reason:)``, ``StoreError``, `CancellationError`.
    init(_ path: FilePath, store: Store) throws {
        let file: FileDescriptor
        do { file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec) } catch let errno as Errno {
            throw StoreError.file(operation: "open", path: path, errno: errno)
        }
        defer { try? file.close() }
        directory = try store.scratch.newDirectory("archive")
        do {
            (others, links) = try Self.unpack(file, into: directory)
        } catch {
            try? Files.removeTree(directory)
            guard let error = error as? LayersError else { throw error }
            throw ImagesError.badImage(title: path.string, reason: "\(error)")
        }
    }

    deinit { try? Files.removeTree(directory) }

    /// Whether the archive is one of an OCI layout.
    var hasLayout: Bool { Files.isRegularFile(directory.appending(LayoutFiles.versionName)) }

    /// Where a file of the archive lies; nil when there is none of that name.
    func file(_ name: String) -> FilePath? {
        var name = name
        // Older Dockers wrote a layer that two images have once, and links to it.
        for _ in 0..<8 {
            if let path = Self.layoutPath(of: name, in: directory), Files.isRegularFile(path) { return path }
            if let path = others[name] { return path }
            guard let target = links[name] else { return nil }
            let folder = FilePath("/" + name).removingLastComponent()
            name = String(folder.pushing(FilePath(target)).lexicallyNormalized().string.dropFirst())
        }
        return nil
    }

    private static func unpack(
        _ file: FileDescriptor, into directory: FilePath
    ) throws -> (others: [String: FilePath], links: [String: String]) {
        var others: [String: FilePath] = [:]
        var links: [String: String] = [:]
        let reader = try LayerReader(from: file, expecting: .none, as: .archive)
        while let item = try reader.next() {
            guard case .entry(let entry) = item else { continue }
            let name = "\(entry.path)"
            switch entry.kind {
            case .file:
                var place = layoutPath(of: name, in: directory)
                if place == nil {
                    place = directory.appending("file-\(others.count)")
                    others[name] = place
                }
                guard let place else { continue }
                try Files.makeDirectories(place.removingLastComponent())
                let output = try FileDescriptor.open(
                    place, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
                defer { try? output.close() }
                try reader.readContent { bytes in
                    do { try output.writeAll(bytes) } catch let errno as Errno {
                        throw StoreError.file(operation: "write", path: place, errno: errno)
                    }
                }
            case .symlink(let target): links[name] = String(decoding: target, as: UTF8.self)
            case .hardLink(let target): links[name] = "/\(target)"
            default: continue
            }
        }
        return (others, links)
    }

    /// Where a file of a layout belongs; nil for other names.
    private static func layoutPath(of name: String, in directory: FilePath) -> FilePath? {
        if [LayoutFiles.versionName, LayoutFiles.indexName, LayoutFiles.dockerManifestName].contains(name) {
            return directory.appending(name)
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "blobs", (try? Digest("\(parts[1]):\(parts[2])")) != nil else { return nil }
        return directory.pushing(FilePath(name))
    }
}
