// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import SystemPackage

/// Tells archives, which ADD unpacks, from other files: by content, never by name.
enum ArchiveDetection {
    /// Whether a file is a tar archive, plain or compressed.
    static func isArchive(_ file: FileDescriptor) -> Bool {
        var head = [UInt8](repeating: 0, count: 512)
        let count = (try? head.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: 0, into: $0) }) ?? 0
        let isTar = count == 512 && head[257..<262].elementsEqual("ustar".utf8)
        // A compressed file is an archive when a tar comes out; of bzip2 and xz that is not looked into here.
        let isOther = head.starts(with: "BZh".utf8) || head.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00])
        let isCompressed = head.starts(with: [0x1F, 0x8B]) || head.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
        if isTar || isOther { return true }
        guard isCompressed, let reader = try? LayerReader(from: file, expecting: .none) else { return false }
        return (try? reader.next()) != nil
    }
}
