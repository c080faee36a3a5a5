// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc
public import OCI
import SystemPackage

/// The handlers of this user namespace, which the host never sees.
///
/// Linux 6.7 and newer give every user namespace a binfmt_misc of its own. It is mounted detached: no path leads to
/// it, and it ends with this object. Flags: F, the emulator is opened now, so that it need not be in any image; P, programs keep
/// their argv[0], unless the emulator is too old to know of it; C and O, set-uid programs work, which is harmless where root is root of this namespace only.
public actor PrivateBinfmt {
    private var instance: FileDescriptor?
    private var registered: Set<EmulatorTarget> = []

    /// Makes an object that has registered nothing yet and mounted nothing.
    public init() {}

    /// Whether the host's handlers are what runs, since the kernel gives this namespace none of its own.
    public var areOfHost: Bool { instance == nil && !registered.isEmpty }

    deinit { try? instance?.close() }

    /// Sees to it that programs of `platform` run under `emulator`, from now until this object goes away.
    ///
    /// Where the kernel is older, a handler on the host does as well, if it is enabled and has flag F.
    /// - Throws: ``EmulationError/noHandlers(_:target:_:)``, ``EmulationError/registration(target:_:)``.
    public func register(_ emulator: Emulator, for platform: Platform) throws(EmulationError) {
        let target = emulator.target
        if registered.contains(target) { return }
        if instance == nil {
            let descriptor = mf_mount_binfmt()
            if descriptor < 0 {
                let error = Errno(rawValue: errno)
                guard HostHandlers.current().contains(where: { $0.runs(target) }) else {
                    throw .noHandlers(platform, target: target.target, error)
                }
                registered.insert(target)
                return
            }
            instance = FileDescriptor(rawValue: descriptor)
        }
        guard let instance else { return }
        if let digest = emulator.digest, HostFile.digest(of: emulator.path) != digest { throw .damaged(emulator.path) }
        try Self.register(emulator, in: instance)
        registered.insert(target)
    }

    private static func register(_ emulator: Emulator, in instance: FileDescriptor) throws(EmulationError) {
        let name = emulator.target.target
        // The kernel takes 127 bytes of path; F opens it now, so a descriptor's path does for a longer one.
        var interpreter = emulator.path.string
        var held: FileDescriptor?
        defer { try? held?.close() }
        if interpreter.utf8.count > 127 {
            guard let descriptor = try? FileDescriptor.open(emulator.path, .readOnly, options: [.closeOnExec]) else {
                throw .registration(target: name, Errno(rawValue: errno))
            }
            held = descriptor
            interpreter = "/proc/self/fd/\(descriptor.rawValue)"
        }
        // What does not know of P would take the program's own name for its first argument.
        let flags = emulator.file?.version?.knowsPreservedName == false ? "FCO" : "FPCO"
        for handler in emulator.target.handlers {
            let registration = HandlerRegistration(handler, interpreter: interpreter, flags: flags)
            try write(Array(registration.line.utf8), for: name, to: instance)
        }
    }

    private static func write(
        _ line: [UInt8], for name: String, to instance: FileDescriptor
    ) throws(EmulationError) {
        let file = openat(instance.rawValue, "register", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw .registration(target: name, Errno(rawValue: errno)) }
        defer { close(file) }
        let written = line.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        guard written == line.count else { throw .registration(target: name, Errno(rawValue: errno)) }
    }
}
