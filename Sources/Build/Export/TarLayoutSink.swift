// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import OCI
import Store
import SystemPackage

/// A tar file of an OCI layout, written beside its place and renamed into it when it is whole.
final class TarLayoutSink: LayoutSink {
    private let destination: FilePath
    private let temporary: FilePath
    private let file: FileDescriptor
    private let writer: LayerWriter
    private var directories: Set<TreePath> = []
    private var isFinished = false

    init(destination: FilePath) throws {
        self.destination = destination
        self.temporary = FilePath("\(destination.string).\(getpid()).\(UInt64.random(in: 0 ... .max))")
        let descriptor = open(temporary.string, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw StoreError.file(operation: "create", path: temporary, errno: Errno(rawValue: errno))
        }
        self.file = FileDescriptor(rawValue: descriptor)
        self.writer = LayerWriter(to: file, compression: .none)
    }

    deinit {
        try? file.close()
        if !isFinished { unlink(temporary.string) }
    }

    func add(_ bytes: [UInt8], as name: String) throws {
        let path = try place(for: name)
        try writer.append(
            TreeEntry(path: path, kind: .file, mode: 0o644, size: Int64(bytes.count)), content: .bytes(bytes))
    }

    func add(contentsOf source: FilePath, size: Int64, as name: String) throws {
        let path = try place(for: name)
        let input = try FileDescriptor.open(source, .readOnly, options: .closeOnExec)
        defer { try? input.close() }
        try writer.append(TreeEntry(path: path, kind: .file, mode: 0o644, size: size), content: .file(input))
    }

    func finish() throws {
        _ = try writer.finish()
        try Files.rename(temporary, to: destination)
        isFinished = true
    }

    private func place(for name: String) throws -> TreePath {
        let path = try TreePath(name)
        var missing: [TreePath] = []
        var parent = path.parent
        while let directory = parent, !directory.isRoot, directories.insert(directory).inserted {
            missing.append(directory)
            parent = directory.parent
        }
        for directory in missing.reversed() { try writer.append(.impliedDirectory(directory)) }
        return path
    }
}
