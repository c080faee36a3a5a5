// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import OCI
public import SystemPackage

/// Registers emulators in the host's own list of handlers, for other programs than manifold, and takes them out again.
///
/// Every entry and file that this makes has a name that begins with `manifold-`; no others are touched. Flag F is always
/// set: the emulator is opened when it is registered, so that it need not be in any image.
public struct HostInstaller: Sendable {
    /// What an entry is to be like.
    public struct Style: Hashable, Sendable {
        /// Whether set-user-id programs get their owner's rights (flag C), which trusts every file of a foreign machine
        /// that has the bit.
        public var credentials = false
        /// Whether programs keep the name by which they were called (flag P); nil asks the emulator's version and the
        /// kernel's.
        public var preservesName: Bool?
        /// Whether entries are to be as described, even where somebody else's do.
        public var isDemanded = false

        public init() {}
    }

    /// What became of a target.
    public enum Outcome: Sendable {
        /// The processor runs these programs by itself.
        case native
        /// There was an entry of ours, as it should be.
        case kept([HandlerRegistration], Emulator)
        /// Somebody else's entry does.
        case others(HostHandler)
        /// An entry was made.
        case registered([HandlerRegistration], Emulator)
        /// An entry of ours was made anew: why.
        case repaired([HandlerRegistration], Emulator, why: String)
    }

    private let finder: EmulatorFinder
    private let probe: EmulatorProbe
    private let root: FilePath
    /// The host's list.
    public let binfmt: HostBinfmt
    /// The host's files.
    public let boot: BootFiles

    /// - Parameter root: the root directory below which the list and the files are.
    public init(finder: EmulatorFinder, probe: EmulatorProbe = EmulatorProbe(), root: FilePath = "/") {
        self.finder = finder
        self.probe = probe
        self.root = root
        binfmt = HostBinfmt(root: root)
        boot = BootFiles(root: root)
    }

    /// The emulator of a target and the entries that it is to have; nil when the processor runs its programs by itself.
    ///
    /// - Throws: ``EmulationError``, ``HostInstallError/badPath(_:)``.
    public func registrations(
        of target: EmulatorTarget, _ style: Style
    ) throws -> (emulator: Emulator, registrations: [HandlerRegistration])? {
        guard case .emulated(let emulator) = try ExecutionMode(for: target.platform, finder: finder) else { return nil }
        guard emulator.target == target else {
            throw EmulationError.notInstalled(target.platform, target: target.target, searched: finder.directories)
        }
        if let digest = emulator.digest, HostFile.digest(of: emulator.path) != digest {
            throw EmulationError.damaged(emulator.path)
        }
        let path = emulator.path.string
        guard path.utf8.count <= 127, path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x3a && $0 < 0x7f }) else {
            throw HostInstallError.badPath(emulator.path)
        }
        let preserves =
            style.preservesName ?? (emulator.file?.version?.knowsPreservedName == true && Kernel.tellsPreservedName)
        let flags = (preserves ? "P" : "") + "O" + (style.credentials ? "C" : "") + "F"
        let registrations = target.handlers.map { handler in
            HandlerRegistration(handler, name: Self.ownName(handler), interpreter: path, flags: flags)
        }
        return (emulator, registrations)
    }

    /// Sees to it that programs of `target` run on the host, and proves it by running one.
    ///
    /// - Throws: ``EmulationError``, ``HostInstallError``, `CancellationError`.
    public func install(_ target: EmulatorTarget, _ style: Style) async throws -> Outcome {
        guard let (emulator, wanted) = try registrations(of: target, style) else { return .native }
        let all = binfmt.handlers
        let own = all.filter { handler in wanted.contains { $0.name == handler.name } }
        var why: String?
        if own.isEmpty {
            if !style.isDemanded, let other = all.last(where: { $0.runs(target) }),
                try await probe.run(target).works, try await probe.interpreter(of: target)?.isStale == false
            {
                return .others(other)
            }
        } else {
            why = try await defect(of: own, wanted, emulator)
            if why == nil { return .kept(wanted, emulator) }
        }
        for handler in own { try binfmt.remove(handler.name) }
        do {
            for registration in wanted { try binfmt.register(registration) }
            try await prove(emulator, wanted)
        } catch {
            for registration in wanted { try? binfmt.remove(registration.name) }
            throw error
        }
        return why.map { .repaired(wanted, emulator, why: $0) } ?? .registered(wanted, emulator)
    }

    /// Writes the files by which the handlers are there again after the next start.
    ///
    /// - Returns: those that were written or changed.
    /// - Throws: ``HostInstallError``.
    public func persist(_ target: EmulatorTarget, _ registrations: [HandlerRegistration]) throws -> [FilePath] {
        let own = BootFiles.configuration(target, registrations, in: boot.configurationDirectory)
        return try ([own] + boot.others()).filter { try boot.write($0) }.map(\.path)
    }

    /// Takes out entries and files that manifold has made; nil: for all targets.
    ///
    /// - Returns: the entries' names, and the files that were removed or, of fstab, changed.
    /// - Throws: ``HostInstallError``.
    public func remove(_ targets: [EmulatorTarget]? = nil) throws -> (entries: [String], files: [FilePath]) {
        let names = targets?.flatMap(\.handlers).map(Self.ownName)
        let entries = HostFile.names(in: binfmt.directory).filter { name in
            name.hasPrefix(Self.prefix) && (names?.contains(name) ?? true)
        }
        for name in entries { try binfmt.remove(name) }
        return (entries, try boot.remove(targets))
    }

    /// Does something while no other process changes the list.
    ///
    /// - Throws: ``HostInstallError/notRoot``, ``HostInstallError/busy(_:)``, what `body` throws.
    public func locked<Result>(_ body: () async throws -> Result) async throws -> Result {
        guard geteuid() == 0 else { throw HostInstallError.notRoot }
        let directory = root.appending("run")
        try HostFile.makeDirectory(directory)
        let path = directory.appending("manifold-emulators.lock")
        let file = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw HostInstallError.file(path, Errno(rawValue: errno)) }
        defer { close(file) }
        let deadline = ContinuousClock.now + .seconds(30)
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            guard ContinuousClock.now < deadline else { throw HostInstallError.busy(path) }
            try await Task.sleep(for: .milliseconds(50))
        }
        return try await body()
    }

    /// Mounts the list where it is not mounted, and puts it in force.
    ///
    /// - Throws: ``HostInstallError``.
    public func prepare() throws { try binfmt.prepare() }

    private static let prefix = "manifold-"

    private static func ownName(_ handler: EmulatorTarget.Handler) -> String {
        prefix + handler.name.dropFirst("qemu-".count)
    }

    /// What is wrong with entries of ours; nil when they are as wanted and programs run.
    private func defect(
        of own: [HostHandler], _ wanted: [HandlerRegistration], _ emulator: Emulator
    ) async throws -> String? {
        for registration in wanted {
            guard let handler = own.first(where: { $0.name == registration.name }) else {
                return "\(registration.name) was missing"
            }
            if !handler.isEnabled { return "it was disabled" }
            if handler.interpreter != registration.interpreter { return "it named \(handler.interpreter)" }
            if Set(handler.flags) != Set(registration.flags) { return "its flags were \(handler.flags)" }
            if !registration.isSame(as: handler) { return "it was for other programs" }
        }
        if let interpreter = try await probe.interpreter(of: emulator.target), interpreter.isStale,
            interpreter.path == HostFile.resolved(emulator.path)
        {
            return "it ran a QEMU \(interpreter.file?.version?.number ?? "") that is no more at \(interpreter.path)"
        }
        return try await probe.run(emulator.target).works ? nil : "programs did not run under it"
    }

    private func prove(_ emulator: Emulator, _ wanted: [HandlerRegistration]) async throws {
        let name = wanted.first?.name ?? ""
        let outcome = try await probe.run(emulator.target)
        guard outcome.works else { throw HostInstallError.noEffect(name: name, outcome) }
        if let interpreter = try await probe.interpreter(of: emulator.target),
            interpreter.path != HostFile.resolved(emulator.path)
        {
            throw HostInstallError.shadowed(name: name, by: interpreter.path)
        }
    }
}

/// The running kernel.
enum Kernel {
    /// Whether it tells an interpreter that its handler has flag P (since Linux 5.12).
    static var tellsPreservedName: Bool {
        var names = utsname()
        guard uname(&names) == 0 else { return false }
        let release = withUnsafeBytes(of: names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && !numbers.lexicographicallyPrecedes([5, 12])
    }
}
