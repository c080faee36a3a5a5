// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import OCI
public import SystemPackage

/// A QEMU program on this host.
public struct Emulator: Hashable, Sendable {
    /// What it emulates.
    public let target: EmulatorTarget
    /// The program, which is linked statically: it must run where none of the host's libraries are.
    public let path: FilePath

    /// The emulator of `target` at `path`, which nobody has looked at yet.
    public init(target: EmulatorTarget, path: FilePath) {
        self.target = target
        self.path = path
    }
}

/// Looks for QEMU's user emulators.
public struct EmulatorFinder: Sendable {
    /// Where emulators are looked for, in order.
    public let directories: [FilePath]

    /// Looks in `directory` alone, when one is given (`MANIFOLD_QEMU_DIR`), else in the directories of `path`
    /// and where distributions put them.
    public init(directory: FilePath?, path: String?) {
        if let directory {
            directories = [directory]
            return
        }
        let usual = ["/usr/bin", "/usr/local/bin", "/usr/libexec/qemu-binfmt", "/usr/lib/qemu"]
        var seen: Set<String> = []
        directories = ((path ?? "").split(separator: ":").map(String.init) + usual)
            .filter { $0.hasPrefix("/") && seen.insert($0).inserted }.map { FilePath($0) }
    }

    /// As `init(directory:path:)` with `MANIFOLD_QEMU_DIR` and `PATH` of this process's environment.
    public init() {
        func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        let directory = value("MANIFOLD_QEMU_DIR").flatMap { $0.isEmpty ? nil : FilePath($0) }
        self.init(directory: directory, path: value("PATH"))
    }

    /// The emulator of `platform`.
    ///
    /// - Throws: ``EmulationError/noTarget(_:)``, ``EmulationError/notInstalled(_:target:searched:)``.
    public func emulator(for platform: Platform) throws(EmulationError) -> Emulator {
        guard let target = EmulatorTable.target(for: platform) else { throw .noTarget(platform) }
        for name in ["qemu-\(target.target)-static", "qemu-\(target.target)"] {
            for directory in directories {
                let path = directory.appending(name)
                if Self.isStaticProgram(path) { return Emulator(target: target, path: path) }
            }
        }
        throw .notInstalled(platform, target: target.target, searched: directories)
    }

    private static func isStaticProgram(_ path: FilePath) -> Bool {
        guard access(path.string, X_OK) == 0, let bytes = HostFile.beginning(of: path, count: 4096) else {
            return false
        }
        return ProgramFile(bytes)?.isStatic ?? false
    }
}
