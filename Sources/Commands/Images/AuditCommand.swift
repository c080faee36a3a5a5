// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Glibc
import Images
import OCI
import Store
import SystemPackage

/// `manifold audit`
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Find files in an image that its platforms do not run.",
        discussion: """
            Every program, library and script of every platform is looked at, as the finished image shows it: for which \
            machine it is (also ARMv7 code in an image for ARMv6, x86-64-v3 in one for plain x86-64), and whether the \
            loader or interpreter that it asks for is there. Layers are read through, not unpacked, each once; a second \
            audit of the same layers reads nothing.

            The place is NAME (in the store, else in a registry), docker://NAME, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME] or \
            store:NAME. The exit code is 0 when there are no errors, 1 when there are, 2 when something cannot be read.

            Examples:
              manifold audit registry.example/me/app:1.0
              manifold audit --level error --allow '/opt/plugins/**' oci-archive:app.tar
            """)

    @Argument(help: "Where the image is.") var place: String

    @Option(
        name: .customLong("platform"),
        help: ArgumentHelp(
            "Only the images for these platforms, separated by commas; may be repeated. Default: all.",
            valueName: "platforms"))
    var platforms: [String] = []

    @Option(
        name: [.customLong("level"), .customLong("audit-level")],
        help: ArgumentHelp(
            "What is an error: program (what keeps ENTRYPOINT or CMD from starting), error (everything) or warn (nothing).",
            valueName: "level"))
    var level = "program"

    @Option(
        name: [.customLong("allow"), .customLong("audit-allow")],
        help: ArgumentHelp(
            "Files that may be for other machines, as in '/usr/lib/plugins/**'; may be repeated.", valueName: "pattern")
    )
    var allowed: [String] = []

    @Flag(name: .customLong("json"), help: "Print JSON, with all findings.") var isJSON = false

    @OptionGroup var progress: ProgressOptions
    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    /// The status for what cannot be read.
    private static let unreadable: Int32 = 2

    func run() async throws {
        let environment = Environment.current()
        let mode = try progress.mode(in: environment)
        let terminal = ProgressTerminal(.standardError, environment: environment.variables)
        let reporter = ProgressReporter(mode: mode, terminal: terminal)
        let form = FailureMessage.Form(mode, on: terminal)
        let report: AuditReport
        do {
            report = try await Interruption.cancels {
                try await reporter.follow { queue in try await audit(environment, EventRelay(receive: queue.send)) }
            }
        } catch {
            FailureMessage.tell(error, in: form)
            throw FailureMessage.code(after: error, Self.unreadable)
        }
        let text = isJSON ? try report.json : progress.quiet ? "\(report.digest)\n" : report.text
        do { try Files.writeAll(Array(text.utf8), to: STDOUT_FILENO, path: "standard output") } catch {
            FailureMessage.printPlainly(error)
            throw ExitCode(Self.unreadable)
        }
        if report.isUnreadable { throw ExitCode(Self.unreadable) }
        if !report.ok { throw ExitCode(1) }
    }

    private func audit(_ environment: Environment, _ events: EventRelay) async throws -> AuditReport {
        var place = try ImagePlace(self.place, absolute: environment.absolute)
        let platforms = try PlatformWords.list(platforms)
        var policy = AuditPolicy()
        guard let level = AuditPolicy.Level(rawValue: level), level != .off else {
            throw CommandError("--level \(level): there is no such level", remedy: "use program, error or warn")
        }
        policy.level = level
        policy.allowed = try AuditOptions.patterns(allowed, flag: "--allow")
        let store = try Store(at: store.path(in: environment))
        do { place = try place.preferringStore(as: self.place, store) } catch ImagesError.notInStore {}
        let settled = policy
        return try await place.reading(registry, store, in: environment) { reader in
            let auditor = ImageAuditor(reader, store: store, policy: settled, events: events)
            let (root, outcomes) = try await auditor.run(for: platforms)
            return AuditReport(name: self.place, digest: root, outcomes)
        }
    }
}
