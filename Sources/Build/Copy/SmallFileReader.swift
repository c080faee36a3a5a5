// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI
import Store
import SystemPackage

/// Reads a small file out of a stack of layers, such as /etc/passwd, following links inside the stack.
///
/// A layer that is unpacked is read where it lies; one that is not is read through, so that looking up a name unpacks
/// nothing.
struct SmallFileReader {
    let library: LayerLibrary
    let layers: [Layer]
    let tree: LayerStack

    /// More is not read (BuildKit's bound for the same files).
    static let limit: Int64 = 10 << 20

    /// The file's text; nil when there is no such regular file or it is too large.
    func text(_ path: String) async throws -> String? {
        let found = try tree.resolve(TreePath(path)).found
        guard let found, found.entry.hasContent, found.entry.size <= Self.limit, let position = found.layer else {
            return nil
        }
        let layer = layers[position]
        if let snapshot = library.store.snapshot(layer.diffID) {
            let file = try RootDirectory(snapshot).open(found.entry.path)
            defer { try? file.close() }
            return try Self.read(file, size: Int(found.entry.size))
        }
        return try await library.verified(layer) { file, expectation in
            try Self.readThrough(file, expectation, to: found.entry)
        }
    }

    private static func read(_ file: FileDescriptor, size: Int) throws -> String {
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try bytes.withUnsafeMutableBytes { buffer in
            var count = 0
            while count < buffer.count {
                let more = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
                if more == 0 { break }
                count += more
            }
            return count
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func readThrough(
        _ file: FileDescriptor, _ expectation: LayerExpectation, to wanted: TreeEntry
    ) throws -> String? {
        let path = if case .hardLink(let target) = wanted.kind { target } else { wanted.path }
        let reader = try LayerReader(from: file, expecting: expectation)
        var text: String?
        while let item = try reader.next() {
            guard case .entry(let entry) = item, entry.path == path, entry.kind == .file else { continue }
            var bytes: [UInt8] = []
            try reader.readContent { bytes.append(contentsOf: $0) }
            text = String(decoding: bytes, as: UTF8.self)
        }
        return text
    }
}
