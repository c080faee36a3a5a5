// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import SystemPackage

/// Why a platform cannot be run here.
public enum EmulationError: Error, Hashable, Sendable {
    /// QEMU has no user emulator for the platform.
    case noTarget(Platform)
    /// The emulator is not installed, or only as a program that needs libraries.
    case notInstalled(Platform, target: String, searched: [FilePath])
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
        case .notInstalled(_, let name, _):
            EmulatorTable.target(named: name)?.removedIn.map {
                "QEMU \($0) and newer have no qemu-\(name): get an older one, and name its directory in MANIFOLD_QEMU_DIR"
            } ?? "install it with: sudo apt install qemu-user-static (or name its directory in MANIFOLD_QEMU_DIR)"
        case .noHandlers:
            "install handlers on the host with: sudo apt install qemu-user-static binfmt-support "
                + "(or use Linux 6.7 or newer)"
        case .registration: nil
        }
    }
}
