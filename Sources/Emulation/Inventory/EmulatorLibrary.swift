// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import OCI
public import SystemPackage

/// An emulator and what is known of it.
public struct KnownEmulator: Hashable, Sendable {
    public let emulator: Emulator
    /// Its version; nil when its file does not say.
    public let version: QEMUVersion?
    /// The name that it was imported under, where one was given.
    public let name: String?
}

/// The emulators that were imported: several versions of each side by side, each in a directory that is named by its
/// SHA-256.
///
///     DIRECTORY/HEX/qemu-TARGET-static    the program
///     DIRECTORY/HEX/name                  its name, when it was given one
public struct EmulatorLibrary: Hashable, Sendable {
    /// The directory, which need not be there.
    public let directory: FilePath

    public init(_ directory: FilePath) {
        self.directory = directory
    }

    /// All that were imported, by targets and the newest first.
    public var all: [KnownEmulator] { EmulatorTable.all.flatMap { emulators(of: $0) } }

    /// Those of one target, the newest first.
    public func emulators(of target: EmulatorTarget) -> [KnownEmulator] {
        let found = HostFile.names(in: directory).compactMap { hex -> KnownEmulator? in
            guard let digest = try? Digest("sha256:" + hex) else { return nil }
            let path = directory.appending(hex).appending("qemu-\(target.target)-static")
            guard access(path.string, X_OK) == 0 else { return nil }
            let emulator = Emulator(target: target, path: path, digest: digest)
            let name = HostFile.beginning(of: directory.appending(hex).appending("name"), count: 256).flatMap {
                String(decoding: $0, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init)
            }
            return KnownEmulator(emulator: emulator, version: emulator.file?.version, name: name)
        }
        return found.sorted { one, other in
            switch (one.version, other.version) {
            case (let one?, let other?) where one != other: one > other
            case (.some, nil): true
            case (nil, .some): false
            default: one.emulator.path.string < other.emulator.path.string
            }
        }
    }
}
