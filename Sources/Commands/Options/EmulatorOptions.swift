// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Emulation
import OCI
import SystemPackage

/// Which emulators run programs of foreign platforms.
struct EmulatorOptions: ParsableArguments {
    @Option(
        name: .customLong("qemu-dir"),
        help: ArgumentHelp(
            "A directory with static QEMU user emulators (qemu-aarch64-static and so on).",
            discussion: "Default: $MANIFOLD_QEMU_DIR, then PATH, then what was imported.", valueName: "directory"))
    var directory: String?

    @Option(
        name: .customLong("qemu-version"),
        help: ArgumentHelp(
            "The version of QEMU that is to run foreign programs, for all platforms or for one; may be repeated.",
            discussion: """
                As 7.2.22, 7.2 (the newest 7.2.x) or a name that was given by manifold emulators import --name; it is \
                chosen of those in the directories above and of those that were imported. \
                Default: $MANIFOLD_QEMU_VERSION, else the first that is found.
                """,
            valueName: "[platform=]version"))
    var versions: [String] = []

    /// What finds them.
    ///
    /// - Parameter store: the store's directory.
    /// - Throws: ``CommandError``, ``OCIError``.
    func finder(in environment: Environment, store: FilePath) throws -> EmulatorFinder {
        let directory = directory ?? environment["MANIFOLD_QEMU_DIR"]
        return EmulatorFinder(
            directory: directory.map { environment.absolute($0) }, path: environment["PATH"],
            library: EmulatorLibrary(inStore: store), wish: try wish(in: environment))
    }

    /// Looks whether there are the versions that are wanted, before a long build finds out.
    ///
    /// - Throws: ``EmulationError/noVersion(_:wanted:available:)``.
    func check(_ finder: EmulatorFinder, for platforms: [Platform]) throws {
        for platform in platforms where finder.wish.version(for: platform) != nil {
            do throws(EmulationError) {
                _ = try ExecutionMode(for: platform, finder: finder)
            } catch {
                // That there is none at all matters only if something is to be run.
                if case .noVersion = error { throw error }
            }
        }
    }

    private func wish(in environment: Environment) throws -> QEMUWish {
        var general = environment["MANIFOLD_QEMU_VERSION"]
        var byPlatform: [Platform: String] = [:]
        for word in versions {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let version = parts.last, !version.isEmpty else {
                throw CommandError(
                    "--qemu-version \(word): the version is missing",
                    remedy: "write it as --qemu-version 7.2 or --qemu-version linux/arm64=7.2")
            }
            if parts.count == 2 {
                byPlatform[try AskedPlatform(parts[0]).platform] = version
            } else {
                general = version
            }
        }
        return QEMUWish(general: general, byPlatform: byPlatform)
    }
}

extension EmulatorLibrary {
    /// That of a store.
    init(inStore root: FilePath) { self.init(root.appending("emulators")) }
}
