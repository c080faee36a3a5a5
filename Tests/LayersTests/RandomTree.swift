// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers

/// A random but sound list of layer entries, parents first, with the contents of its files.
struct RandomTree {
    var entries: [TreeEntry] = []
    var contents: [TreePath: [UInt8]] = [:]

    init(seed: UInt64, count: Int) throws {
        var random = SeededGenerator(seed: seed)
        var directories: [TreePath] = [.root]
        var files: [TreePath] = []
        var taken: Set<TreePath> = []
        while entries.count < count {
            let parent = directories[Int.random(in: 0..<directories.count, using: &random)]
            let path = try parent.appending(TreePath(bytes: Self.name(&random)))
            guard path.bytes.count < 3000, taken.insert(path).inserted else { continue }
            var entry = TreeEntry(
                path: path, kind: .file, mode: UInt16.random(in: 0...0o7777, using: &random),
                uid: Self.identifier(&random), gid: Self.identifier(&random),
                modificationTime: FileTime(seconds: Int64.random(in: -1000...5_000_000_000, using: &random)))
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<5:
                entry.kind = .directory(opaque: Int.random(in: 0..<5, using: &random) == 0)
                directories.append(path)
            case 5..<7:
                let length = Int.random(in: 1...300, using: &random)
                entry.kind = .symlink(target: (0..<length).map { _ in UInt8.random(in: 1...255, using: &random) })
                entry.mode = 0o777
            case 7..<9 where !files.isEmpty:
                let target = files[Int.random(in: 0..<files.count, using: &random)]
                guard let original = entries.first(where: { $0.path == target }) else { continue }
                entry = original
                entry.path = path
                entry.kind = .hardLink(target: target)
            case 9: entry = TreeEntry(path: path, kind: .whiteout)
            case 10: entry.kind = .fifo
            case 11: entry.kind = .characterDevice(major: 1, minor: UInt32.random(in: 1...300_000, using: &random))
            default:
                let length = [0, 1, 511, 512, 513, 5000, 70_000].randomElement(using: &random) ?? 0
                contents[path] = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
                files.append(path)
            }
            if entry.kind == .file, Int.random(in: 0..<4, using: &random) == 0 {
                entry.xattrs["user.note"] = [0, 10, 61, 255]
            }
            entries.append(entry)
        }
    }

    private static func identifier(_ random: inout SeededGenerator) -> UInt32 {
        [0, 0, 1000, 2_097_151, 2_097_152, 65_534].randomElement(using: &random) ?? 0
    }

    private static func name(_ random: inout SeededGenerator) -> [UInt8] {
        let length = [1, 3, 8, 20, 90, 99, 100, 101, 200].randomElement(using: &random) ?? 1
        let letters: [UInt8] = Array("abcXYZ019 -_+.\n".utf8) + [0xc3, 0xa9, 0xff, 0x80]
        // A fixed first letter keeps the name from being "..", or a whiteout's.
        return [UInt8(ascii: "n")] + (0..<length).map { _ in letters.randomElement(using: &random) ?? 97 }
    }
}
