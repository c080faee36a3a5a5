// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Glibc
import Sandbox
import SystemPackage

/// What `-v`, `--mount` and `--tmpfs` of `manifold run` mean, as docker reads them.
enum MountFlags {
    /// `HOST:PATH[:ro]`
    ///
    /// - Throws: ``CommandError``; also for a host path that is not there, which docker would make as a directory.
    static func volume(_ text: String, in environment: Environment) throws -> SandboxMount {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), !parts[0].isEmpty, parts[1].hasPrefix("/") else {
            throw CommandError(
                "--volume \(text) is not known", remedy: "write it as ./DIRECTORY:/PATH or /DIRECTORY:/PATH:ro")
        }
        guard parts[0].contains("/") || parts[0].hasPrefix(".") else {
            throw CommandError(
                "--volume \(text): there are no named volumes, since nothing of a run stays",
                remedy: "for a directory of this machine write ./\(parts[0]):\(parts[1])")
        }
        var access = SandboxMount.Access.readWrite
        for word in parts.count == 3 ? parts[2].split(separator: ",") : [] {
            switch word {
            case "ro": access = .readOnly
            // Labels are for SELinux, which a sandbox of one's own has nothing to do with; mounts are private anyway.
            case "rw", "z", "Z", "rprivate", "private", "rslave", "slave": continue
            default: throw CommandError("--volume \(text): \(word) is not known", remedy: "use ro or rw")
            }
        }
        return try bind(parts[0], at: parts[1], access, flag: "--volume \(text)", environment)
    }

    /// `type=bind,src=…,dst=…,readonly`, `type=tmpfs,dst=…,tmpfs-size=…,tmpfs-mode=…`
    ///
    /// - Throws: ``CommandError``.
    static func mount(_ text: String, in environment: Environment) throws -> SandboxMount {
        let example = "type=bind,src=./DIRECTORY,dst=/PATH"
        var list = try AttributeList(text, flag: "--mount", example: example) { word in
            ["readonly", "ro"].contains(word) ? (word, "true") : nil
        }
        let type = list.take("type") ?? "volume"
        guard let target = list.take("destination", "dst", "target"), target.hasPrefix("/") else {
            throw CommandError("--mount \(text): dst=/PATH is missing", remedy: "write it as --mount \(example)")
        }
        let mount: SandboxMount
        switch type {
        case "bind":
            guard let source = list.take("source", "src") else {
                throw CommandError("--mount \(text): src is missing", remedy: "write it as --mount \(example)")
            }
            let isReadOnly = try [list.takeBoolean("readonly"), list.takeBoolean("ro")].contains(true)
            for key in ["bind-propagation", "consistency"] { _ = list.take(key) }
            mount = try bind(
                source, at: target, isReadOnly ? .readOnly : .readWrite, flag: "--mount \(text)", environment)
        case "tmpfs":
            mount = try memory(
                at: target, size: list.take("tmpfs-size"), mode: list.take("tmpfs-mode"), "--mount \(text)")
        default:
            throw CommandError(
                "--mount \(text): there are no mounts of type \(type), since nothing of a run stays",
                remedy: "use type=bind or type=tmpfs")
        }
        if let key = list.rest.first { throw CommandError("--mount \(text): \(key) is not known") }
        return mount
    }

    /// `PATH[:size=64m,mode=1777]`
    ///
    /// - Throws: ``CommandError``.
    static func memory(_ text: String) throws -> SandboxMount {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard let target = parts.first, target.hasPrefix("/") else {
            throw CommandError("--tmpfs \(text): there is no path", remedy: "write it as --tmpfs /PATH:size=64m")
        }
        var values: [Substring: String] = [:]
        for word in parts.count == 2 ? parts[1].split(separator: ",") : [] {
            let pair = word.split(separator: "=", maxSplits: 1)
            switch (pair.first, pair.count) {
            case ("size", 2), ("mode", 2): values[pair[0]] = String(pair[1])
            // No programs of other users and no devices are in it anyway; the rest changes nothing that a run sees.
            case ("rw", 1), ("nosuid", 1), ("nodev", 1), ("exec", 1), ("noatime", 1), ("relatime", 1): continue
            default: throw CommandError("--tmpfs \(text): \(word) is not known", remedy: "use size=64m and mode=1777")
            }
        }
        return try memory(at: target, size: values["size"], mode: values["mode"], "--tmpfs \(text)")
    }

    /// How deep a mount's target is.
    static func depth(_ mount: SandboxMount) -> Int { mount.target.split(separator: "/").count { $0 != "." } }

    private static func memory(at target: String, size: String?, mode: String?, _ flag: String) throws -> SandboxMount {
        var bytes: UInt64?
        if let size {
            guard let count = ByteCount.parse(size), count >= 0 else {
                throw CommandError("\(flag): \(size) is no size", remedy: "write it as 64m")
            }
            // 0 is no limit of its own.
            bytes = count == 0 ? nil : UInt64(count)
        }
        guard let bits = UInt32(mode ?? "1777", radix: 8), bits <= 0o7777 else {
            throw CommandError("\(flag): \(mode ?? "") is no mode", remedy: "write it as 1777")
        }
        return SandboxMount(.memory(size: bytes, mode: bits), at: target)
    }

    private static func bind(
        _ source: String, at target: String, _ access: SandboxMount.Access, flag: String, _ environment: Environment
    ) throws -> SandboxMount {
        guard target.split(separator: "/").contains(where: { $0 != "." }) else {
            throw CommandError(
                "\(flag): nothing can be mounted at /, where the image is", remedy: "name a directory in it")
        }
        let path = environment.absolute(source)
        var status = stat()
        guard stat(path.string, &status) == 0 else {
            throw CommandError("\(flag): \(path): \(Errno(rawValue: errno))", remedy: "make it first")
        }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        return SandboxMount(isDirectory ? .directory(path, access) : .file(path, access), at: target)
    }
}
