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
    /// What the program's digest must be, where that is recorded.
    public let digest: Digest?

    /// The emulator of `target` at `path`, which nobody has looked at yet.
    public init(target: EmulatorTarget, path: FilePath, digest: Digest? = nil) {
        self.target = target
        self.path = path
        self.digest = digest
    }
}

/// Looks for QEMU's user emulators.
public struct EmulatorFinder: Sendable {
    /// Where emulators are looked for, in order.
    public let directories: [FilePath]
    /// What was imported, which is looked at after the directories.
    public let library: EmulatorLibrary?
    /// Which versions are wanted.
    public let wish: QEMUWish

    /// Looks in `directory` alone, when one is given (`MANIFOLD_QEMU_DIR`), else in the directories of `path`
    /// and where distributions put them; then among what was imported.
    public init(directory: FilePath?, path: String?, library: EmulatorLibrary? = nil, wish: QEMUWish = QEMUWish()) {
        self.library = library
        self.wish = wish
        if let directory {
            directories = [directory]
            return
        }
        let usual = ["/usr/bin", "/usr/local/bin", "/usr/libexec/qemu-binfmt", "/usr/lib/qemu"]
        var seen: Set<String> = []
        directories = ((path ?? "").split(separator: ":").map(String.init) + usual)
            .filter { $0.hasPrefix("/") && seen.insert($0).inserted }.map { FilePath($0) }
    }

    /// As `init(directory:path:library:wish:)` with `MANIFOLD_QEMU_DIR` and `PATH` of this process's environment.
    public init() {
        func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        let directory = value("MANIFOLD_QEMU_DIR").flatMap { $0.isEmpty ? nil : FilePath($0) }
        self.init(directory: directory, path: value("PATH"))
    }

    /// The emulator of `platform`: the version that is wanted for it, else the first that is found.
    ///
    /// - Throws: ``EmulationError/noTarget(_:)``, ``EmulationError/notInstalled(_:target:searched:)``,
    ///   ``EmulationError/notStatic(_:_:)``, ``EmulationError/noVersion(_:wanted:available:)``.
    public func emulator(for platform: Platform) throws(EmulationError) -> Emulator {
        guard let target = EmulatorTable.target(for: platform) else { throw .noTarget(platform) }
        guard let wanted = wish.version(for: platform) else {
            if let first = paths(of: target).first(where: Self.isStaticProgram) {
                return Emulator(target: target, path: first)
            }
            if let newest = library?.emulators(of: target).first { return newest.emulator }
            if let dynamic = dynamicProgram(of: target) { throw .notStatic(platform, dynamic) }
            throw .notInstalled(platform, target: target.target, searched: directories)
        }
        let all = all(of: target)
        // Of equal versions the first; what a name was given to goes by that as well.
        let fitting = all.filter { $0.name == wanted || $0.version?.matches(wanted) == true }
        guard var best = fitting.first else {
            throw .noVersion(platform, wanted: wanted, available: Self.names(of: all))
        }
        for other in fitting {
            if let version = other.version, let highest = best.version, highest.numbers != version.numbers,
                highest < version
            {
                best = other
            }
        }
        return best.emulator
    }

    /// Every static emulator of `target`, in the order of preference.
    public func all(of target: EmulatorTarget) -> [KnownEmulator] {
        var seen: Set<FilePath> = []
        let installed = paths(of: target).filter(Self.isStaticProgram).filter { path in
            // /bin is mostly /usr/bin.
            seen.insert(HostFile.resolved(path) ?? path).inserted
        }.map { path in
            let emulator = Emulator(target: target, path: path)
            return KnownEmulator(emulator: emulator, version: emulator.file?.version, name: nil)
        }
        return installed + (library?.emulators(of: target) ?? [])
    }

    /// What `--qemu-version` may say to mean each of them.
    private static func names(of emulators: [KnownEmulator]) -> [String] {
        var names: [String] = []
        for name in emulators.flatMap({ [$0.version?.number, $0.name] }).compactMap(\.self) where !names.contains(name)
        {
            names.append(name)
        }
        return names
    }

    /// An emulator of `target` that does not do, since it needs libraries of the host; nil when there is none.
    public func dynamicProgram(of target: EmulatorTarget) -> FilePath? {
        paths(of: target).first { path in
            access(path.string, X_OK) == 0
                && HostFile.beginning(of: path, count: 4096).flatMap { ProgramFile($0) }?.isStatic == false
        }
    }

    private func paths(of target: EmulatorTarget) -> [FilePath] {
        ["qemu-\(target.target)-static", "qemu-\(target.target)"].flatMap { name in
            directories.map { $0.appending(name) }
        }
    }

    private static func isStaticProgram(_ path: FilePath) -> Bool {
        guard access(path.string, X_OK) == 0, let bytes = HostFile.beginning(of: path, count: 4096) else {
            return false
        }
        return ProgramFile(bytes)?.isStatic ?? false
    }
}
