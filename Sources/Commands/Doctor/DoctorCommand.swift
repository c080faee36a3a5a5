// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Doctor
import Emulation
import Glibc
import Host
import OCI
import Registry
import Store
import Synchronization
import SystemPackage

/// `manifold doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Find out whether this machine can build images for other platforms, and how to mend what keeps it from that.",
        discussion: """
            What can be tried is tried: user namespaces are made, an overlay is mounted where the store is, and a small \
            program of each platform is run as a RUN step would run it. For what does not work there is a command that \
            mends it on this distribution, and at the end the one to go on with.

            With --json: one object with ok, machine, findings (check, status, subject, sentence, advice, commands, \
            platform, runs), platforms, commands and next. Fields may be added; those that are there stay.

            The exit code is 0 when nothing failed, warnings or not, and 1 when something did.

            Examples:
              manifold doctor
              manifold doctor --platform linux/arm64,linux/s390x --registry registry.example --json
            """)

    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp(
            "The platforms that have to work, separated by commas; may be repeated. Default: a look at the usual ones.",
            valueName: "platforms"))
    var platforms: [String] = []

    @Flag(name: .customLong("all"), help: "Look at every platform that QEMU has an emulator for.")
    var isAll = false

    @Option(
        name: .customLong("registry"),
        help: ArgumentHelp("A registry that has to be reachable; may be repeated.", valueName: "host[:port]"))
    var registries: [String] = []

    @Flag(name: .customLong("offline"), help: "Do not look whether docker.io is reachable.") var isOffline = false

    @Flag(name: .customLong("fix"), help: "Mend what needs no root, before looking.") var fixes = false

    @Flag(name: .customLong("json"), help: "Print JSON.") var isJSON = false

    @OptionGroup(title: "Emulators") var emulators: EmulatorOptions
    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    /// For the process that is in the user namespace: prints findings for the one that started it.
    @Flag(name: .customLong("inside"), help: .hidden) var isInside = false

    /// Whether a command line that names this command is that of the process to be in a user namespace.
    static func isInside(_ arguments: [String]) -> Bool { arguments.contains("--inside") }

    func run() async throws {
        let environment = Environment.current()
        let outcome = Outcome()
        try await CommandOutput.answer {
            let machine = try machine(in: environment)
            if isInside {
                let examination = InsideExamination(
                    machine, finder: try emulators.finder(in: environment, store: machine.store),
                    platforms: try chosenPlatforms(),
                    areAsked: !platforms.isEmpty)
                return try FindingList.encode(await examination.findings())
            }
            let report = try await examine(machine, environment)
            if report.failed { outcome.fail() }
            let terminal = ProgressTerminal(.standardOutput, environment: environment.variables)
            return Array((isJSON ? try report.json : report.text(on: terminal)).utf8)
        }
        if outcome.failed { throw ExitCode(1) }
    }

    private func examine(_ machine: ExaminedMachine, _ environment: Environment) async throws -> DoctorReport {
        let chosen = try chosenPlatforms()
        let mended = fixes ? try DoctorFixes(machine: machine).mend() : []
        let names = registries.isEmpty ? (isOffline ? [] : ["docker.io"]) : registries
        let variables = registry.environment(environment).variables
        let arguments = insideArguments(machine)
        let finder = try emulators.finder(in: environment, store: machine.store)
        let findings = try await registry.withClient(for: names, in: environment) { client in
            let examination = Examination(
                machine, finder: finder, platforms: chosen, arePlatformsAsked: !platforms.isEmpty,
                credentialFiles: StoredCredentials(environment: variables).files.map(\.path),
                registries: names,
                areRegistriesAsked: !registries.isEmpty, client: client,
                inside: { await InsideProcess(arguments: arguments).run() })
            return await examination.findings()
        }
        let hasDockerfile = access(environment.absolute("Dockerfile").string, F_OK) == 0
        return DoctorReport(
            machine, findings, platforms: chosen, mended: mended, hasDockerfile: hasDockerfile,
            given: Array(CommandLine.arguments.dropFirst()), store: store.root)
    }

    /// What the process in the user namespace is started with.
    private func insideArguments(_ machine: ExaminedMachine) -> [String] {
        ["doctor", "--inside", "--root", machine.store.string] + platforms.flatMap { ["--platform", $0] }
            + (isAll ? ["--all"] : []) + (emulators.directory.map { ["--qemu-dir", $0] } ?? [])
            + emulators.versions.flatMap { ["--qemu-version", $0] }
    }

    private func chosenPlatforms() throws -> [Platform] {
        if !platforms.isEmpty { return try PlatformWords.list(platforms) }
        guard isAll else { return try PlatformWords.list([Self.usual]) }
        var list: [Platform] = []
        for target in EmulatorTable.all where target.removedIn == nil {
            let platform = Platform(os: "linux", architecture: target.architecture, variant: target.variant)
            if !list.contains(platform) { list.append(platform) }
        }
        return list
    }

    private static let usual =
        "linux/amd64,linux/arm64,linux/arm/v7,linux/arm/v6,linux/386,linux/riscv64,linux/ppc64le,linux/s390x"

    private func machine(in environment: Environment) throws -> ExaminedMachine {
        var name = utsname()
        uname(&name)
        let kernel = withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let id = geteuid()
        return ExaminedMachine(
            environment: environment.variables, distribution: id == 0 ? Distribution.current.forRoot : .current,
            userID: id,
            userName: ExaminedMachine.name(of: id) ?? environment["USER"] ?? "", store: try store.path(in: environment),
            program: ExaminedMachine.ownProgram, kernel: kernel)
    }
}

/// Whether an examination failed, told across the closure that carries it out.
private final class Outcome: Sendable {
    private let state = Mutex(false)

    var failed: Bool { state.withLock { $0 } }

    func fail() { state.withLock { $0 = true } }
}
