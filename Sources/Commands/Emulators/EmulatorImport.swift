// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Emulation
import Glibc
import Images
import Layers
import OCI
import Store
import SystemPackage

/// Takes emulators out of files, archives and images, without running anything of them.
struct EmulatorImport: Sendable {
    private let store: Store
    private let library: EmulatorLibrary
    private let name: String?

    init(_ store: Store, name: String?) {
        self.store = store
        self.library = EmulatorLibrary(inStore: store.root)
        self.name = name
    }

    /// What was taken, and what was not and why.
    struct Report: Sendable {
        var taken: [EmulatorLibrary.Imported] = []
        var refused: [(file: String, why: EmulatorLibrary.Refusal)] = []

        static func + (one: Report, other: Report) -> Report {
            Report(taken: one.taken + other.taken, refused: one.refused + other.refused)
        }
    }

    /// Bytes of at most so many are taken for an emulator; the largest are 20 MB.
    private static let limit: Int64 = 256 << 20

    // MARK: Files

    /// From a file: one emulator, a tar archive, compressed or not, or a Debian package.
    ///
    /// - Throws: ``StoreError``, ``LayersError``, ``CommandError``.
    func fromFile(_ path: FilePath) throws -> Report {
        let file = try open(path)
        defer { try? file.close() }
        var head = [UInt8](repeating: 0, count: 8)
        let count = try head.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: 0, into: $0) }
        if head.prefix(count).starts(with: [0x7f, 0x45, 0x4c, 0x46]) { return try fromProgram(path) }
        if head.prefix(count).elementsEqual(DebianPackage.magic) {
            let (data, member) = try store.scratch.newFile("package")
            defer {
                try? member.close()
                unlink(data.string)
            }
            guard try DebianPackage.copyData(of: file, to: member) else {
                throw CommandError("\(path) has no files: it is an archive of ar(1), and no Debian package")
            }
            try member.seek(offset: 0, from: .start)
            return try fromTar(member)
        }
        return try fromArchive(path)
    }

    /// From a directory and those below it.
    func fromDirectory(_ path: FilePath, depth: Int = 4) throws -> Report {
        var report = Report()
        for name in try Files.names(in: path) {
            let inner = path.appending(name)
            if Files.isDirectory(inner), depth > 0 {
                report = try report + fromDirectory(inner, depth: depth - 1)
            } else if Self.isCandidate(name), Files.isRegularFile(inner) {
                report = try report + fromProgram(inner)
            }
        }
        return report
    }

    private func fromProgram(_ path: FilePath) throws -> Report {
        let file = try open(path)
        defer { try? file.close() }
        return try take(path.string) { body in
            var buffer = [UInt8](repeating: 0, count: 1 << 18)
            while case let count = try buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
                try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            }
        }
    }

    private func fromArchive(_ path: FilePath) throws -> Report {
        guard let archive = try ArchiveFile(open(path)) else {
            throw CommandError(
                "\(path) is neither a program nor a tar archive nor a Debian package",
                remedy: "name a file as in qemu-aarch64-static, qemu-aarch64-static.tar.gz or qemu-user-static_*.deb")
        }
        var report = Report()
        try archive.forEachFile { path, content in
            guard let name = path.string, Self.isCandidate(name) else { return }
            report = try report + take(name) { try content($0) }
        }
        return report
    }

    private func fromTar(_ file: FileDescriptor) throws -> Report {
        let reader = try LayerReader(from: file, expecting: .none, as: .archive)
        var report = Report()
        while let item = try reader.next() {
            guard case .entry(let entry) = item, entry.kind == .file, entry.size <= Self.limit,
                let name = entry.path.string, Self.isCandidate(name)
            else { continue }
            report = try report + take(name) { try reader.readContent($0) }
        }
        return report
    }

    private func open(_ path: FilePath) throws -> FileDescriptor {
        do {
            return try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
        } catch {
            throw CommandError("\(path): \(error)")
        }
    }

    // MARK: Images

    /// From the layers of an image for this machine, as they cover each other.
    ///
    /// - Throws: ``PullProblem``, ``LayersError``, ``StoreError``; what the place throws.
    func fromImage(_ reader: any ImageReader) async throws -> Report {
        let image = try await PullRehearsal(reader, store: store).image(for: .host)
        var files: [TreePath: (file: FilePath, stage: FilePath)] = [:]
        defer { for staged in files.values { try? Files.removeTree(staged.stage) } }
        for (index, layer) in image.manifest.layers.enumerated() {
            try await reader.keep(layer, in: store)
            let diffIDs = image.config.rootfs.diffIDs
            let blob = try FileDescriptor.open(store.blobPath(layer.digest), .readOnly, options: [.closeOnExec])
            defer { try? blob.close() }
            let contents = try LayerReader(
                from: blob, expecting: LayerExpectation(layer, diffID: index < diffIDs.count ? diffIDs[index] : nil))
            while let item = try contents.next() {
                guard case .entry(let entry) = item else { continue }
                let name = entry.path.string ?? ""
                guard Self.isCandidate(name) else { continue }
                if let old = files.removeValue(forKey: entry.path) { try Files.removeTree(old.stage) }
                guard entry.kind == .file, entry.size <= Self.limit else { continue }
                files[entry.path] = try stage { try contents.readContent($0) }
            }
        }
        var report = Report()
        for (path, staged) in files.sorted(by: { $0.key < $1.key }) {
            report = report + take(staged.file, as: path.string ?? "")
        }
        return report
    }

    // MARK: Taking

    /// Whether a file's name may be that of an emulator: as packages, releases and installers call them.
    private static func isCandidate(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        return name.contains("qemu-") || name.hasSuffix("-binfmt-P")
    }

    private typealias Content = ((UnsafeRawBufferPointer) throws -> Void) throws -> Void

    private func stage(_ content: Content) throws -> (file: FilePath, stage: FilePath) {
        let stage = try store.scratch.newDirectory("emulator")
        let path = stage.appending("program")
        do {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
            try file.closeAfter { try content { _ = try file.writeAll($0) } }
            return (path, stage)
        } catch {
            try? Files.removeTree(stage)
            throw error
        }
    }

    private func take(_ name: String, _ content: Content) throws -> Report {
        let staged = try stage(content)
        defer { try? Files.removeTree(staged.stage) }
        return take(staged.file, as: name)
    }

    private func take(_ file: FilePath, as source: String) -> Report {
        do throws(EmulatorLibrary.Refusal) {
            return Report(taken: [try library.take(file, name: name)])
        } catch {
            return Report(refused: [(source, error)])
        }
    }
}
