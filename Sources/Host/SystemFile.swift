// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// Small files of the kernel and of the distribution.
public enum SystemFile {
    /// The text of a file, at most 256 KiB of it; nil when it cannot be read.
    public static func text(_ path: FilePath) -> String? {
        let options: FileDescriptor.OpenOptions = [.closeOnExec, .nonBlocking]
        guard let file = try? FileDescriptor.open(path, .readOnly, options: options) else { return nil }
        defer { try? file.close() }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while bytes.count < 256 << 10 {
            guard let count = try? chunk.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return nil }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The number that a file has as its first word; nil when there is none.
    public static func number(_ path: FilePath) -> Int? {
        text(path)?.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }
}
