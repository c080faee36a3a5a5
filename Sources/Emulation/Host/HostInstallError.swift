// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// Why the host's list of handlers, or its files, could not be changed.
public enum HostInstallError: Error, Hashable, Sendable {
    /// Only root may.
    case notRoot
    /// The kernel has no binfmt_misc, or may not load it.
    case noBinfmt(Errno)
    /// binfmt_misc is in the kernel and could not be mounted.
    case mount(FilePath, Errno)
    /// Another process has been changing the list for a while.
    case busy(FilePath)
    /// A file of the host could not be read, written or removed.
    case file(FilePath, Errno)
    /// A file of a name that is manifold's was written by somebody else.
    case foreignFile(FilePath)
    /// The kernel refused an entry.
    case refused(name: String, Errno)
    /// The path of an interpreter cannot stand in an entry.
    case badPath(FilePath)
    /// The entry was made, and programs do not run under it.
    case noEffect(name: String, ProbeOutcome)
    /// The entry was made, and programs run under another emulator.
    case shadowed(name: String, by: FilePath)
}

extension HostInstallError: CustomStringConvertible {
    /// What is wrong, in one sentence.
    public var description: String {
        switch self {
        case .notRoot: "only root may change the host's list of handlers"
        case .noBinfmt(let error): "the kernel has no binfmt_misc (\(error))"
        case .mount(let path, let error): "binfmt_misc cannot be mounted on \(path): \(error)"
        case .busy(let lock):
            "another process has been changing the host's handlers for half a minute (\(lock) is locked)"
        case .file(let path, let error): "\(path): \(error)"
        case .foreignFile(let path): "\(path) was not written by manifold, so it stays as it is"
        case .refused(let name, let error): "the kernel refused the handler \(name): \(error)"
        case .badPath(let path): "\(path) is too long, or has a character that an entry cannot have"
        case .noEffect(let name, let outcome):
            "under the new handler \(name) the probe \(outcome); it was removed again"
        case .shadowed(let name, let path):
            "the handler \(name) was made, but \(path) runs such programs; it was removed again"
        }
    }

    /// What to do about it, where something is known to help.
    public var remedy: String? {
        switch self {
        case .notRoot: "run it with sudo"
        case .noBinfmt:
            "load the module with: sudo modprobe binfmt_misc (the kernel needs CONFIG_BINFMT_MISC; in a container, do "
                + "it on the machine)"
        case .foreignFile(let path): "move it away: sudo mv \(path) \(path).old"
        case .badPath: "copy the emulator to a directory with a short, plain name, and name that with --qemu-dir"
        case .mount(_, let error) where error == .notPermitted || error == .permissionDenied:
            "in a container this cannot be done: do it on the machine itself"
        case .mount, .busy, .file, .refused, .noEffect, .shadowed: nil
        }
    }
}
