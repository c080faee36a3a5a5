// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import OCI
import SystemPackage
import Testing

/// A folder below the system's temporary one that is removed at the end of a test.
final class Scratch {
    let path: FilePath

    init() throws {
        var template = Array("/tmp/layers-tests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    deinit { _ = try? run("/bin/rm", "-rf", path.string) }

    func folder(_ name: String) throws -> FilePath {
        let folder = path.appending(name)
        guard mkdir(folder.string, 0o755) == 0 else { throw Errno(rawValue: errno) }
        return folder
    }

    func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> FilePath {
        let file = path.appending(name)
        let descriptor = try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
        return file
    }

    func read(_ file: FilePath) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(file, .readOnly)
        return try descriptor.closeAfter {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                if count == 0 { return bytes }
                bytes.append(contentsOf: buffer[..<count])
            }
        }
    }

    /// Writes a layer with `entries`, taking each file's bytes from `contents`.
    func layer(
        _ entries: [TreeEntry], contents: [TreePath: [UInt8]] = [:], compression: LayerCompression = .standard,
        epoch: Int64? = nil, name: String = "layer"
    ) throws -> (file: FilePath, layer: WrittenLayer) {
        let file = path.appending(name)
        let descriptor = try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
        return try descriptor.closeAfter {
            let writer = LayerWriter(to: descriptor, compression: compression, epoch: epoch)
            for var entry in entries {
                if entry.kind == .file { entry.size = Int64(contents[entry.path]?.count ?? 0) }
                try writer.append(entry, content: contents[entry.path].map { .bytes($0) } ?? .none)
            }
            return (file, try writer.finish())
        }
    }
}

/// Runs a program and returns its standard output; a failure is an error with its standard error output.
@discardableResult
func run(_ arguments: String...) throws -> String { try run(arguments) }

@discardableResult
func run(_ arguments: [String]) throws -> String {
    // A file instead of a pipe: nothing to drain while the program runs.
    var template = Array("/tmp/layers-tests-output-XXXXXX".utf8CString)
    let output = mkstemp(&template)
    defer {
        close(output)
        unlink(template)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    var process: pid_t = 0
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    let variables = ["LC_ALL=C", "TZ=UTC", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
    defer { for word in words + environment { free(word) } }
    let failure = posix_spawnp(&process, arguments[0], &actions, nil, &words, &environment)
    guard failure == 0 else { throw Errno(rawValue: failure) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    lseek(output, 0, SEEK_SET)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = Glibc.read(output, &buffer, buffer.count)
        if count <= 0 { break }
        bytes.append(contentsOf: buffer[..<count])
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard status == 0 else { throw ProcessFailure(arguments: arguments, status: status, output: text) }
    return text
}

struct ProcessFailure: Error {
    let arguments: [String]
    let status: Int32
    let output: String
}

/// Unpacks a blob into a fresh folder.
func unpack(
    _ blob: FilePath, into folder: FilePath, expecting expectation: LayerExpectation = .none,
    below: (any FileTree)? = nil
) throws -> UnpackedLayer {
    let descriptor = try FileDescriptor.open(blob, .readOnly)
    return try descriptor.closeAfter {
        try Unpacker.unpack(descriptor, expecting: expectation, into: folder, below: below)
    }
}

/// Makes the index of a blob.
func index(_ blob: FilePath, expecting expectation: LayerExpectation = .none) throws -> UnpackedLayer {
    let descriptor = try FileDescriptor.open(blob, .readOnly)
    return try descriptor.closeAfter { try Unpacker.index(descriptor, expecting: expectation) }
}

/// A seeded generator, so that a failing run can be repeated (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

/// Why a test of devices, owners or overlays is skipped.
let isRoot = geteuid() == 0
let needsRoot: Comment = "makes device nodes and changes owners: needs root"
