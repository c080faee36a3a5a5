// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Emulation
import OCI
import SystemPackage

/// `manifold emulators install`
struct InstallEmulatorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Register emulators on this host, for other programs than manifold (needs root).",
        discussion: """
            Afterwards every program and container on this machine can execute programs of the platforms. manifold's \
            own builds do not need that.

            Entries have flag F: the emulator is opened now, so no image needs one; P where QEMU (6.0) and the kernel \
            (5.12) know it: programs keep the name by which they were called; and O. What somebody else has \
            registered and works is left alone; entries of manifold's that are disabled, wrong, or run a QEMU that \
            was replaced since are mended. In the end a small program of each platform is run.

            With --persist they are there again when the machine starts: in /etc/binfmt.d for systemd, otherwise by a line \
            that is added to /etc/fstab and a script for OpenRC or init as well.

            The exit code is 1 when any platform failed; the others are done.

            Examples:
              sudo manifold emulators install --persist arm64 arm riscv64
              sudo manifold emulators install all
              manifold emulators install --print-only s390x
              manifold emulators install --export ./binfmt.d all
            """)

    @Argument(help: ArgumentHelp("Platforms, or all that have a static emulator here.", valueName: "platform|all"))
    var platforms: [String]

    @Flag(name: .customLong("persist"), help: "Also when the machine starts again.") var persists = false

    @Flag(
        name: .customLong("reset"), help: "First take out everything that manifold has registered and written before.")
    var resets = false

    @Flag(
        name: .customLong("credentials"), inversion: .prefixedNo,
        help: ArgumentHelp(
            "Let set-user-id programs (sudo, ping) have their owner's rights: flag C.",
            discussion: """
                Off unless asked for: on a machine with other users every foreign program with the bit, in any mounted \
                file system, then gets those rights by way of QEMU, which was not written to be trusted with them. \
                In manifold's own namespace it is always on, since root is nobody outside of it.
                """))
    var credentials: Bool?

    @Option(
        name: .customLong("preserve-argv0"),
        help: ArgumentHelp(
            "Whether programs keep the name by which they were called (flag P): auto, yes or no.",
            discussion: "Default: auto, by the versions of QEMU and of the kernel.", valueName: "when"))
    var preservesName = Choice.auto

    @Flag(name: .customLong("print-only"), help: "Print what would be written where, and change nothing.")
    var printsOnly = false

    @Option(
        name: .customLong("export"),
        help: ArgumentHelp(
            "Write the files of binfmt.d(5) to this directory instead, for another machine or an image; no root needed.",
            valueName: "directory"))
    var exportDirectory: String?

    @OptionGroup(title: "Emulators") var emulators: EmulatorOptions
    @OptionGroup var host: HostOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    /// The values of `--preserve-argv0`.
    enum Choice: String, ExpressibleByArgument, CaseIterable {
        case auto, yes, no
    }

    func run() async throws {
        try await CommandOutput.reporting { try await install() }
    }

    private func install() async throws {
        let environment = Environment.current()
        let words = try TargetWords(platforms)
        let finder = try emulators.finder(in: environment, store: store.path(in: environment))
        let installer = HostInstaller(finder: finder, root: host.root(in: environment))
        let targets = try words.targets ?? Self.available(finder)
        if printsOnly { return try preview(targets, installer) }
        if exportDirectory?.isEmpty == true { throw CommandError("--export is empty", remedy: "name a directory") }
        if let exportDirectory { return try export(targets, installer, to: environment.absolute(exportDirectory)) }
        let failures: Int
        do {
            failures = try await installer.locked {
                if resets { try RemoveEmulatorsCommand.remove(nil, by: installer) }
                try installer.prepare()
                return try await installAll(targets, installer)
            }
        } catch HostInstallError.notRoot {
            throw HostOptions.refusal()
        }
        if persists, let advice = installer.boot.advice { CommandOutput.note(advice) }
        if failures > 0 { throw ExitCode(1) }
    }

    private func installAll(_ targets: [EmulatorTarget], _ installer: HostInstaller) async throws -> Int {
        var failures = 0
        for target in targets {
            do {
                let outcome = try await installer.install(target, style)
                try CommandOutput.result("\(target.platform): \(outcome.words)")
                guard persists else { continue }
                for path in try outcome.registrations.map({ try installer.persist(target, $0) }) ?? [] {
                    try CommandOutput.result("wrote \(path)")
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                failures += 1
                FailureMessage.printPlainly(TargetFailure(target.platform, error))
            }
        }
        return failures
    }

    private var style: HostInstaller.Style {
        var style = HostInstaller.Style()
        style.credentials = credentials ?? false
        style.preservesName = preservesName == .auto ? nil : preservesName == .yes
        style.isDemanded =
            credentials != nil || preservesName != .auto || emulators.directory != nil || !emulators.versions.isEmpty
        return style
    }

    /// What this machine has emulators for and does not run by itself.
    private static func available(_ finder: EmulatorFinder) throws -> [EmulatorTarget] {
        var found: [EmulatorTarget] = []
        var failure: EmulationError?
        for target in EmulatorTable.all {
            do throws(EmulationError) {
                guard case .emulated(let emulator) = try ExecutionMode(for: target.platform, finder: finder) else {
                    continue
                }
                if emulator.target == target { found.append(target) }
            } catch {
                failure = failure ?? error
            }
        }
        if found.isEmpty, let failure { throw failure }
        return found
    }

    private func preview(_ targets: [EmulatorTarget], _ installer: HostInstaller) throws {
        for target in targets {
            guard let (_, registrations) = try installer.registrations(of: target, style) else { continue }
            for registration in registrations {
                try CommandOutput.result(
                    "# to \(installer.binfmt.directory)/register:\n\(registration.line.dropLast())")
            }
            guard persists else { continue }
            let file = BootFiles.configuration(target, registrations, in: installer.boot.configurationDirectory)
            try CommandOutput.result("# the file \(file.path):\n\(file.text.dropLast())")
        }
        guard persists else { return }
        for file in try installer.boot.others() {
            try CommandOutput.result("# the file \(file.path):\n\(file.text.dropLast())")
        }
    }

    private func export(_ targets: [EmulatorTarget], _ installer: HostInstaller, to directory: FilePath) throws {
        for target in targets {
            guard let (_, registrations) = try installer.registrations(of: target, style) else { continue }
            let file = BootFiles.configuration(target, registrations, in: directory)
            try file.write()
            try CommandOutput.result("wrote \(file.path)")
        }
    }
}

/// Why one of several platforms failed.
struct TargetFailure: Error, CustomStringConvertible {
    let description: String
    let remedy: String?

    init(_ platform: Platform, _ error: any Error) {
        description = "\(platform): \(error)"
        remedy = FailureMessage.remedy(of: error)
    }
}

extension HostInstaller.Outcome {
    /// What was done, in words.
    fileprivate var words: String {
        switch self {
        case .native: "this machine runs such programs by itself; nothing to do"
        case .kept(let entries, let emulator): "\(Self.entry(entries, emulator)) was there already and works"
        case .registered(let entries, let emulator): "\(Self.entry(entries, emulator)) was registered and works"
        case .repaired(let entries, let emulator, let why):
            "\(Self.entry(entries, emulator)) was registered again, since \(why), and works"
        case .others(let handler):
            "works already by \(handler.name) (\(handler.flags), \(handler.interpreter)), which is not manifold's; nothing to do"
        }
    }

    /// The entries that are manifold's.
    fileprivate var registrations: [HandlerRegistration]? {
        switch self {
        case .native, .others: nil
        case .kept(let entries, _), .registered(let entries, _), .repaired(let entries, _, _): entries
        }
    }

    private static func entry(_ entries: [HandlerRegistration], _ emulator: Emulator) -> String {
        let version = (emulator.file?.version?.number).map { " " + $0 } ?? ""
        return entries.map(\.name).joined(separator: ", ")
            + " (\(entries.first?.flags ?? ""), \(emulator.path)\(version))"
    }
}
