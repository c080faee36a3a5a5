// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Emulation
import Glibc
import Images
import OCI
import Registry
import Sandbox
import Store
import SystemPackage

/// `manifold verify`
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Find out for each platform whether an image can be pulled and runs.",
        discussion: """
            For each platform it is done what a client of that platform does: choose an entry of the list, fetch the \
            manifest, the config and all layers, and check digests, sizes, diff IDs and that the config is for that \
            platform. With --run or a command after -- each image is then run, those of foreign platforms under QEMU, \
            without a network and as an ordinary user; nothing of it stays.

            The place is NAME (in a registry), oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME] or \
            store:NAME. The exit code is 1 when any platform fails; all are tried.

            Examples:
              manifold verify registry.example/me/app:1.0
              manifold verify registry.example/me/app:1.0 -- app --version
              manifold verify --run --stay-up 5s store:me/server:1.0
            """)

    @Argument(help: "Where the image is.") var place: String

    @OptionGroup(title: "Running") var running: VerifyRunOptions

    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp(
            "Ask as clients of these platforms, separated by commas; may be repeated. Default: all that the image has.",
            valueName: "platforms"))
    var platforms: [String] = []

    @Flag(name: .customLong("json"), help: "Print JSON.") var isJSON = false

    @OptionGroup(title: "Emulators") var emulators: EmulatorOptions
    @OptionGroup var progress: ProgressOptions
    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    /// Whether the command runs programs of images, for which it has to be root in a user namespace.
    static func runsSomething(_ arguments: [String]) -> Bool { arguments.contains { $0 == "--run" || $0 == "--" } }

    func run() async throws {
        let environment = Environment.current()
        let mode = try progress.mode(in: environment)
        let terminal = ProgressTerminal(.standardError, environment: environment.variables)
        let reporter = ProgressReporter(mode: mode, terminal: terminal)
        let form = FailureMessage.Form(mode, on: terminal)
        let (digest, outcomes): (Digest, [VerifiedImage])
        do {
            (digest, outcomes) = try await Interruption.cancels {
                try await reporter.follow { queue in try await verify(environment, EventRelay(receive: queue.send)) }
            }
        } catch {
            throw FailureMessage.ending(error, in: form)
        }
        let failures = await reporter.failures
        let report = VerifyReport(name: place, digest: digest, outcomes, failures: failures)
        if form == .words, !isJSON { FailureMessage.write(report.explanations) }
        let text = isJSON ? try report.json : progress.quiet ? "\(digest)\n" : report.table
        do { try Files.writeAll(Array(text.utf8), to: STDOUT_FILENO, path: "standard output") } catch {
            FailureMessage.printPlainly(error)
            throw ExitCode(1)
        }
        if report.fails { throw ExitCode(1) }
    }

    private func verify(_ environment: Environment, _ events: EventRelay) async throws -> (Digest, [VerifiedImage]) {
        let place = try ImagePlace(place, absolute: environment.absolute)
        let platforms = try PlatformWords.list(platforms)
        let command = try running.command()
        let store = try Store(at: store.path(in: environment))
        return try await place.reading(registry, store, in: environment) { reader in
            let rehearsal = try await PullRehearsal(
                reader, store: store, keeping: command == nil ? .nothing : .blobs)
            let finder = try emulators.finder(in: environment, store: store.root)
            let verification = ImageVerification(
                reader: reader, rehearsal: rehearsal, command: command, staysUp: running.staysUp != nil,
                runner: ImageRunner(store: store, runner: SandboxRunner(finder: finder), events: events),
                finder: finder, events: events)
            let chosen = platforms.isEmpty ? try await rehearsal.platforms() : platforms
            guard !chosen.isEmpty else {
                throw CommandError("\(reader.title) has no image of which anything says for whom it is")
            }
            return (rehearsal.digest, try await verification.run(for: chosen))
        }
    }
}
