// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Emulation
import Glibc
import OCI
import SystemPackage

/// What the commands that change the host have in common.
struct HostOptions: ParsableArguments {
    @Option(
        name: .customLong("system-root"),
        help: ArgumentHelp(
            "Take this directory for the machine's root directory, as when its system is prepared.",
            valueName: "directory"))
    var systemRoot: String?

    /// The machine's root directory.
    func root(in environment: Environment) -> FilePath { systemRoot.map { environment.absolute($0) } ?? "/" }

    /// What a user who is not root is told.
    static func refusal() -> CommandError {
        var link = [CChar](repeating: 0, count: 4097)
        let count = readlink("/proc/self/exe", &link, link.count - 1)
        let own = count > 0 ? String(decoding: link.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
        let words = [own ?? "manifold"] + CommandLine.arguments.dropFirst()
        return CommandError(
            "only root may change the host's list of handlers, which all its users have in common",
            remedy: "run: sudo " + words.map(ShellWord.quoted).joined(separator: " ")
                + "\n  manifold itself needs none of it: a build registers emulators in a namespace of its own")
    }
}

/// Platforms whose emulators a command is about.
struct TargetWords {
    /// nil: all.
    let targets: [EmulatorTarget]?

    /// Reads platforms, separated by commas or as words of their own, and `all`.
    ///
    /// - Throws: ``OCIError``, ``EmulationError/noTarget(_:)``.
    init(_ words: [String]) throws {
        let words = words.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        guard !words.contains("all") else {
            targets = nil
            return
        }
        var targets: [EmulatorTarget] = []
        for word in words {
            let platform = word == "local" ? Platform.host : try AskedPlatform(word).platform
            // QEMU's own names say which of two emulators of a platform is meant.
            let named = EmulatorTable.target(named: word)
            guard let target = named ?? EmulatorTable.target(for: platform) else {
                throw EmulationError.noTarget(platform)
            }
            if !targets.contains(target) { targets.append(target) }
        }
        self.targets = targets
    }
}
