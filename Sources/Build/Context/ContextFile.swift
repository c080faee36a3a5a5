// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Glibc
import Store
import SystemPackage

/// Small files of a context that say how to build: the Dockerfile and .dockerignore.
///
/// In a directory of the user's own, links lead where they lead. What came from elsewhere is not trusted: its links
/// are followed as if its top were the root of everything.
enum ContextFile {
    /// More is no Dockerfile.
    static let limit = 16 << 20

    /// A file's content; nil when there is none.
    ///
    /// - Parameter path: below the context's top.
    /// - Throws: ``StoreError``.
    static func read(_ path: String, in directory: ContextDirectory) throws -> [UInt8]? {
        guard directory.isTemporary else { return try readFile(directory.path.pushing(FilePath(path))) }
        // Nobody writes into a pipe that came out of an archive.
        guard let place = resolve(path, in: directory.path), Files.isRegularFile(place) else { return nil }
        return try readFile(place)
    }

    /// What a context's own .dockerignore leaves out.
    ///
    /// - Throws: ``BuildError/invalidDockerfile(_:)``, ``StoreError``.
    static func ignorePatterns(in directory: ContextDirectory) throws -> IgnorePatterns? {
        try read(".dockerignore", in: directory).map { bytes in
            try patterns(bytes, name: directory.name(of: directory.path.appending(".dockerignore")))
        }
    }

    static func patterns(_ bytes: [UInt8], name: String) throws -> IgnorePatterns {
        do throws(DockerfileError) {
            return try IgnorePatterns(parsing: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw BuildError.invalidDockerfile("\(name): \(error)")
        }
    }

    private static func readFile(_ path: FilePath) throws -> [UInt8]? {
        Files.isDirectory(path) ? nil : try Files.read(path, limit: limit)
    }

    /// Where a path leads inside a root, the last link followed, too; nil when it leads nowhere.
    private static func resolve(_ path: String, in root: FilePath) -> FilePath? {
        var done: [Substring] = []
        var rest = Array(path.split(separator: "/").reversed())
        var links = 0
        while let part = rest.popLast() {
            if part == "." { continue }
            if part == ".." {
                _ = done.popLast()
                continue
            }
            let here = FilePath(([root.string[...]] + done + [part]).joined(separator: "/"))
            var buffer = [CChar](repeating: 0, count: 4097)
            let count = readlink(here.string, &buffer, buffer.count - 1)
            guard count >= 0 else {
                done.append(part)
                continue
            }
            links += 1
            guard links < 256 else { return nil }
            let target = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
            if target.hasPrefix("/") { done = [] }
            rest += target.split(separator: "/").reversed()
        }
        return FilePath(([root.string[...]] + done).joined(separator: "/"))
    }
}
