// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Host
public import OCI
public import SystemPackage

/// Why a platform cannot be run here.
public enum EmulationError: Error, Hashable, Sendable {
    /// QEMU has no user emulator for the platform.
    case noTarget(Platform)
    /// The emulator is not installed.
    case notInstalled(Platform, target: String, searched: [FilePath])
    /// The emulator is there only as a program that needs libraries, which an image has not.
    case notStatic(Platform, FilePath)
    /// No emulator of the platform has the version that is wanted.
    case noVersion(Platform, wanted: String, available: [String])
    /// An imported emulator is not what it was when it was imported.
    case damaged(FilePath)
    /// The kernel gives a user namespace no binfmt_misc of its own, and the host has no handler that would do.
    case noHandlers(Platform, target: String, Errno)
    /// The kernel refused a handler.
    case registration(target: String, Errno)
}

extension EmulationError: CustomStringConvertible {
    /// What is wrong, in one sentence.
    public var description: String {
        switch self {
        case .noTarget(let platform): "no QEMU user emulator runs \(platform)"
        case .notInstalled(let platform, let target, let searched):
            "\(platform) needs the static emulator qemu-\(target)-static, which is in none of "
                + searched.map(\.string).joined(separator: ", ")
        case .notStatic(let platform, let path):
            "\(platform) needs a static emulator; \(path) needs libraries, which are not in the image"
        case .noVersion(let platform, let wanted, let available):
            "no emulator of \(platform) is of version \(wanted); "
                + (available.isEmpty ? "there is none at all" : "there are " + available.joined(separator: ", "))
        case .damaged(let path): "the imported emulator \(path) is not what it was when it was imported"
        case .noHandlers(let platform, let target, let error):
            "\(platform) needs a handler for qemu-\(target): this kernel gives none to an ordinary user "
                + "(Linux 6.7 and newer do; \(error)), and the host has none with flag F"
        case .registration(let target, let error): "the kernel refused the handler for qemu-\(target): \(error)"
        }
    }

    /// What to do about it, where something is known to help.
    public var remedy: String? {
        switch self {
        case .noTarget: "leave the platform out, or build it on a machine of its own"
        case .notInstalled(_, let name, let searched):
            (EmulatorTable.target(named: name)?.removedIn.map {
                "QEMU \($0) and newer have no qemu-\(name): get an older one, and "
                    + "import it with: manifold emulators import FILE"
            } ?? Self.installation(of: name))
                + (searched.count == 1 ? "; --qemu-dir and MANIFOLD_QEMU_DIR are the only place where is looked" : "")
        case .noHandlers(let platform, _, _):
            "register handlers on the host with: "
                + Distribution.current.asRoot("manifold emulators install --persist \(platform)")
                + " (or use Linux 6.7 or newer)"
        case .notStatic(let platform, _):
            Self.installation(of: EmulatorTable.target(for: platform)?.target ?? platform.architecture)
        case .noVersion:
            "import one with: manifold emulators import FILE, or choose one of manifold emulators list --all"
        case .damaged(let path): "remove \(path.removingLastComponent()) and import it again"
        case .registration: nil
        }
    }

    private static func installation(of name: String) -> String {
        let command = Distribution.current.installation(of: .emulators([name]))
        return (command.map { "install it with: " + $0 } ?? "install the package that has qemu-\(name)-static")
            + " (or import one from anywhere with: manifold emulators import FILE)"
    }
}
