// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Crypto
import Glibc
import SystemPackage
import TestSupport

/// Says what there is to say of each file below a directory, as lstat(2) and getfattr(1) see it.
///
/// The fields: `type`, `mode` (octal), `owner` (`uid:gid`), `size` and `content` of files (the text where it is short,
/// else a digest), `link` (target), `same` (other names of the file), `device`, `xattr NAME`, and `time` where it is
/// asked for.
struct FileDescriber {
    private let times: Set<String>
    private var files: [String: [String: String]] = [:]
    private var names: [UInt: [String]] = [:]

    /// Describes everything below `root`; the root itself is `/`.
    ///
    /// - Parameters:
    ///   - times: The paths whose time of modification is said.
    static func describe(_ root: FilePath, times: [String]) async throws -> [String: [String: String]] {
        var describer = FileDescriber(times: Set(times))
        try describer.visit(root, named: "/")
        try await describer.addAttributes(root)
        for names in describer.names.values where names.count > 1 {
            for name in names {
                describer.files[name]?["same"] = names.filter { $0 != name }.sorted().joined(separator: " ")
            }
        }
        return describer.files
    }

    private init(times: Set<String>) { self.times = times }

    private mutating func visit(_ path: FilePath, named name: String) throws {
        var status = stat()
        guard path.withPlatformString({ lstat($0, &status) }) == 0 else { throw Errno(rawValue: errno) }
        var fields = [
            "mode": String(status.st_mode & 0o7777, radix: 8), "owner": "\(status.st_uid):\(status.st_gid)",
        ]
        if times.contains(name) { fields["time"] = String(status.st_mtim.tv_sec) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            fields["type"] = "directory"
            for child in try Self.children(path) {
                let below = (name == "/" ? "" : name) + "/" + Self.text(child.withPlatformString(Self.bytes))
                try visit(path.appending(child), named: below)
            }
        case S_IFLNK:
            fields["type"] = "link"
            fields["link"] = Self.target(path)
            fields["mode"] = nil
        case S_IFIFO:
            fields["type"] = "fifo"
        case S_IFCHR, S_IFBLK:
            fields["type"] = status.st_mode & S_IFMT == S_IFCHR ? "character device" : "block device"
            fields["device"] = Self.device(status.st_rdev)
        case S_IFREG:
            fields["type"] = "file"
            fields["size"] = String(status.st_size)
            fields["content"] = try Self.content(path)
        default:
            fields["type"] = "something else"
        }
        if status.st_mode & S_IFMT != S_IFDIR { names[status.st_ino, default: []].append(name) }
        files[name] = fields
    }

    /// Adds what `getfattr` prints: blocks of `# file: NAME` and `ATTRIBUTE=0xVALUE`.
    private mutating func addAttributes(_ root: FilePath) async throws {
        let result = try await ChildProcess.run(
            "getfattr",
            ["--recursive", "--physical", "--no-dereference", "--dump", "--match=-", "--encoding=hex", "."],
            workingDirectory: root)
        var name = ""
        for line in try result.check().output.split(separator: "\n") {
            if line.hasPrefix("# file: ") {
                let path = line.dropFirst("# file: ".count)
                name = path == "." ? "/" : "/" + path
            } else if let equals = line.firstIndex(of: "=") {
                files[name, default: [:]]["xattr \(line[..<equals])"] =
                    String(line[line.index(after: equals)...])
            }
        }
    }

    private static func bytes(_ text: UnsafePointer<CInterop.PlatformChar>) -> [UInt8] {
        UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
    }

    /// A name as text; one that is no UTF-8 with %XX for what is not ASCII.
    private static func text(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return bytes.map { byte in
            byte > 0x20 && byte < 0x7f ? String(UnicodeScalar(byte)) : "%" + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    /// The numbers of a device, as makedev(3) puts them together.
    private static func device(_ number: dev_t) -> String {
        "\((number >> 8 & 0xfff) | (number >> 32 & 0xffff_f000)):\((number & 0xff) | (number >> 12 & 0xffff_ff00))"
    }

    private static func children(_ path: FilePath) throws -> [FilePath.Component] {
        guard let directory = path.withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
        defer { closedir(directory) }
        var names: [FilePath.Component] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                FilePath.Component(platformString: raw.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0])
            }
            if let name, name.kind == .regular { names.append(name) }
        }
        return names
    }

    private static func target(_ path: FilePath) -> String {
        var buffer = [CChar](repeating: 0, count: 8192)
        let length = path.withPlatformString { readlink($0, &buffer, buffer.count) }
        return text(buffer.prefix(max(length, 0)).map { UInt8(bitPattern: $0) })
    }

    private static func content(_ path: FilePath) throws -> String {
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        return try file.closeAfter {
            var hash = SHA256()
            var start: [UInt8] = []
            while true {
                let chunk = try [UInt8](unsafeUninitializedCapacity: 1 << 18) { buffer, count in
                    count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                guard !chunk.isEmpty else { break }
                if start.count <= 400 { start += chunk.prefix(401 - start.count) }
                hash.update(data: chunk)
            }
            if start.count <= 400, let text = String(validating: start, as: UTF8.self) { return text }
            return "\(hash.finalize())"
        }
    }
}
