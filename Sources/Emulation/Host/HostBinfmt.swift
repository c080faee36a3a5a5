// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Host
public import SystemPackage

/// The host's own list of handlers.
public struct HostBinfmt: Hashable, Sendable {
    /// Where it is mounted.
    public let directory: FilePath

    /// That of the machine, or of the one whose root directory is `root`.
    public init(root: FilePath = "/") {
        directory = root.appending("proc/sys/fs/binfmt_misc")
    }

    /// Whether it is there.
    public var isMounted: Bool { access(directory.appending("register").string, F_OK) == 0 }

    /// Whether handlers are in force at all; nil when that cannot be read.
    public var isEnabled: Bool? {
        HostFile.beginning(of: directory.appending("status"), count: 64).map {
            String(decoding: $0, as: UTF8.self).hasPrefix("enabled")
        }
    }

    /// What it has.
    public var handlers: [HostHandler] { HostHandlers.current(in: directory) }

    /// Mounts it where it is not, and puts handlers in force.
    ///
    /// - Throws: ``HostInstallError``.
    func prepare() throws(HostInstallError) {
        if !isMounted {
            try HostFile.makeDirectory(directory)
            // The kernel loads the module by itself when it can.
            if mount("binfmt_misc", directory.string, "binfmt_misc", 0, nil) != 0 {
                let error = Errno(rawValue: errno)
                if error.rawValue == ENODEV { throw .noBinfmt(error) }
                throw .mount(directory, error)
            }
        }
        if isEnabled == false { try write("1", to: "status") }
    }

    /// Adds an entry.
    ///
    /// - Throws: ``HostInstallError``.
    func register(_ registration: HandlerRegistration) throws(HostInstallError) {
        do {
            try write(registration.line, to: "register")
        } catch {
            if case .file(_, let reason) = error { throw .refused(name: registration.name, reason) }
            throw error
        }
    }

    /// Removes an entry, if it is there.
    ///
    /// - Throws: ``HostInstallError``.
    func remove(_ name: String) throws(HostInstallError) {
        guard access(directory.appending(name).string, F_OK) == 0 else { return }
        try write("-1", to: name)
    }

    private func write(_ text: String, to name: String) throws(HostInstallError) {
        let path = directory.appending(name)
        do {
            // Below the root directory of another machine there may be anything.
            if let type = FileSystem(of: directory)?.type, type != "binfmt_misc" { throw Errno.invalidArgument }
            let file = try FileDescriptor.open(path, .writeOnly, options: [.closeOnExec, .noFollow])
            try file.closeAfter { _ = try file.writeAll(Array(text.utf8)) }
        } catch {
            throw .file(path, error as? Errno ?? .ioError)
        }
    }
}
