// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import Dockerfile
import Layers
import OCI

extension ImageAudit {
    /// Whether a script that may be run finds its interpreter.
    mutating func audit(_ script: ScriptFacts, at file: Found) {
        guard !image.layers[file.layer].isInherited, file.entry.mode & 0o111 != 0, Self.isInUse(file.path) else {
            return
        }
        interpreter(of: script, at: file, role: nil)
    }

    /// The file that reads a script; what is missing is noted.
    ///
    /// - Parameter role: what the script is to the image, when it is its own program or part of that.
    @discardableResult
    mutating func interpreter(of script: ScriptFacts, at file: Found, role: String?) -> Found? {
        guard script.interpreter.hasPrefix("/"), !isOnOtherFileSystem(script.interpreter) else { return nil }
        guard let found = self.file(script.interpreter) else {
            if !isIncomplete {
                add(
                    .interpreter, "is a script for \(script.interpreter), which the image does not have", at: file,
                    role: role, stopsProgram: role != nil,
                    remedy: "install \(script.interpreter), or name one that the image has in the script's first line")
            }
            return nil
        }
        guard found.path.name.elementsEqual(Array("env".utf8)) || script.interpreter.hasSuffix("/env") else {
            return found
        }
        // "env NAME" looks for it in PATH; whatever is more than a name is too much to guess at.
        guard let name = script.argument, Self.isPlainWord(name), !name.contains("=") else { return found }
        if let program = program(name) { return program }
        if !isIncomplete {
            add(
                .interpreter, "is a script for \(name), which is nowhere in the image's PATH", at: file, role: role,
                stopsProgram: role != nil, remedy: "install \(name)")
        }
        return nil
    }

    /// Whether a script is one that somebody runs, and not an example, a test or part of a package's own sources.
    private static func isInUse(_ path: TreePath) -> Bool {
        let parts = path.components.map { String(decoding: $0, as: UTF8.self) }
        let isShared = parts.first == "usr" && parts.count > 2 && !["bin", "sbin", "local"].contains(parts[1])
        let isLibrary = parts.first.map { $0.hasPrefix("lib") } ?? false
        return !isShared && !isLibrary
            && !parts.contains {
                [
                    "share", "lib", "src", "doc", "examples", "node_modules", "site-packages",
                    "dist-packages", "vendor", "test", "tests",
                ].contains($0)
            }
    }

    /// Whether a path is one that an engine mounts something over.
    private func isOnOtherFileSystem(_ path: String) -> Bool {
        ["/proc/", "/dev/", "/sys/"].contains { path.hasPrefix($0) } || isInVolume(path)
    }

    /// Whether something may be mounted where a path is.
    func isInVolume(_ path: String) -> Bool {
        (image.config.volumes ?? [:]).keys.contains { volume in
            let volume = Paths.clean("/" + volume)
            return path == volume || path.hasPrefix(volume == "/" ? "/" : volume + "/")
        }
    }

    /// Whether a word is a name and nothing that a shell would make something else of.
    static func isPlainWord(_ word: some StringProtocol) -> Bool {
        !word.isEmpty && word.first != "-"
            && word.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "_./+-@:=".utf8.contains(byte)
            }
    }
}
