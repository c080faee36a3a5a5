// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

extension GitClient {
    /// Removes what git itself put into a checkout: `.git`, and the files of that name that submodules have, which
    /// point to where their repository was.
    static func removeGitDirectories(below directory: FilePath) throws {
        try removeTree(directory.appending(".git"))
        var pending = [directory]
        while let next = pending.popLast() {
            try Task.checkCancellation()
            for (name, isDirectory) in try entries(of: next) {
                let path = next.appending(name)
                if name == ".git", !isDirectory { unlink(path.string) } else if isDirectory { pending.append(path) }
            }
        }
    }

    private static func removeTree(_ path: FilePath) throws {
        guard isDirectory(path) else {
            unlink(path.string)
            return
        }
        var directories = [path]
        var visited: [FilePath] = []
        while let next = directories.popLast() {
            visited.append(next)
            for (name, isDirectory) in try entries(of: next) {
                let path = next.appending(name)
                if isDirectory { directories.append(path) } else { unlink(path.string) }
            }
        }
        for directory in visited.reversed() { rmdir(directory.string) }
    }

    /// The names in a directory, links not followed.
    private static func entries(of directory: FilePath) throws -> [(name: FilePath.Component, isDirectory: Bool)] {
        guard let stream = opendir(directory.string) else {
            throw RemoteError(.file, subject: directory.string, detail: String(cString: strerror(errno)))
        }
        defer { closedir(stream) }
        var entries: [(FilePath.Component, Bool)] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath(platformString: $0) }
            }
            guard let component = name.lastComponent, component.kind == .regular else { continue }
            entries.append((component, isDirectory(directory.appending(component))))
        }
        return entries
    }
}
