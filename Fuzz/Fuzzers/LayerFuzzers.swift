// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import SystemPackage

/// What comes in layers, and what lies in the store.
enum LayerFuzzers {
    /// A file without a name that holds one input after the other.
    private static let file: FileDescriptor = {
        let path = FilePath("/tmp/manifold-fuzz-\(UInt64.random(in: 0 ... .max))")
        guard
            let file = try? FileDescriptor.open(
                path, .readWrite, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        else { fatalError("cannot write to /tmp") }
        _ = unlink(path.string)
        return file
    }()

    /// Enough of a file's content has been seen.
    private struct Enough: Error {}

    static func read(_ bytes: [UInt8]) -> Int32 {
        // How compressed streams are taken apart is the libraries' matter, and a small one may be a very long one.
        let magics: [[UInt8]] = [[0x1f, 0x8b], [0x42, 0x5a, 0x68], [0xfd, 0x37, 0x7a], [0x28, 0xb5, 0x2f, 0xfd]]
        if magics.contains(where: { bytes.starts(with: $0) }) { return 0 }
        do {
            try file.resize(to: 0)
            try file.seek(offset: 0, from: .start)
            try file.writeAll(bytes)
            try file.seek(offset: 0, from: .start)
        } catch { fatalError("cannot write the input to a file: \(error)") }
        var entries: [TreeEntry] = []
        do {
            let reader = try LayerReader(from: file, expecting: .none)
            while let item = try reader.next() {
                guard case .entry(let entry) = item else { continue }
                entries.append(entry)
                var count = 0
                if entry.kind == .file {
                    try reader.readContent { chunk in
                        count += chunk.count
                        if count > 1 << 20 { throw Enough() }
                    }
                }
            }
        } catch {}
        if let index = try? LayerIndex(entries: entries) {
            guard let again = try? LayerIndex(encoded: index.encoded), again.count == index.count else {
                fatalError("an index does not read what it wrote")
            }
            walk(LayerStack([index]))
        }
        return 0
    }

    /// The input is what stands between an index's header and its checksum, since hardly any other would get past those.
    static func loadIndex(_ bytes: [UInt8]) -> Int32 {
        guard let count = bytes.first else { return 0 }
        var encoded = Array("mf-index".utf8) + [1, 0, 0, 0, count, 0, 0, 0] + bytes.dropFirst()
        let sum = checksum(encoded)
        for shift in stride(from: 0, to: 32, by: 8) { encoded.append(UInt8(truncatingIfNeeded: sum >> shift)) }
        if let index = try? LayerIndex(encoded: encoded) { walk(LayerStack([index])) }
        return 0
    }

    /// CRC-32 as gzip has it (RFC 1952).
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }

    private static func walk(_ stack: LayerStack) {
        var pending = [TreePath.root]
        var seen = 0
        while let directory = pending.popLast(), seen < 10_000 {
            for child in stack.children(of: directory) {
                seen += 1
                _ = try? stack.resolve(child.path)
                if child.isDirectory { pending.append(child.path) }
            }
        }
    }
}
