// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Glibc
import HTTP
import OCI
import Registry
import Store
import SystemPackage

/// `manifold build`
struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build an image for one or more platforms from a Dockerfile.",
        discussion: """
            Steps of foreign platforms run under QEMU, equal steps of several platforms run once, and a tag is \
            published only when every platform is built and uploaded.

            Examples:
              manifold build -t registry.example/me/app:1.0 --platform linux/amd64,linux/arm64 --push .
              manifold build --output type=oci,dest=app.tar .
            """)

    @OptionGroup(title: "Build options") var options: BuildOptions
    @OptionGroup(title: "Cache options") var cacheOptions: CacheOptions
    @OptionGroup(title: "Questions") var questions: CheckOptions
    @OptionGroup var ignored: IgnoredOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        let mode =
            try options.quiet
            ? .quiet : ProgressMode.chosen(option: options.progress, environment: environment.variables)
        if let call = try question() { return try await answer(call, environment) }
        let terminal = ProgressTerminal(.standardError, environment: environment.variables)
        let reporter = ProgressReporter(mode: mode, terminal: terminal)
        let source = SourceText()
        do {
            let warnings = WarningLog()
            let (summary, outputs) = try await Interruption.cancels {
                try await reporter.follow { queue in
                    try await build(environment, source) {
                        warnings.note($0)
                        queue.send($0)
                    }
                }
            }
            if !summary.failed.isEmpty, mode.settled(for: terminal) != .json {
                await FailureMessage(summary.failed, reporter: reporter, source: source.dockerfile).print()
            }
            try options.output.report(
                summary, of: outputs, warnings: warnings.all, isQuiet: options.quiet, in: environment)
        } catch {
            if mode.settled(for: terminal) != .json {
                await FailureMessage(error, reporter: reporter, source: source.dockerfile).print()
            } else {
                FailureMessage(json: error).print()
            }
            throw FailureMessage.code(after: error)
        }
    }

    private func question() throws -> Call? {
        do { return try questions.question() } catch {
            FailureMessage.printPlainly(error)
            throw ExitCode(1)
        }
    }

    /// Tells what the Dockerfile is like instead of building it.
    private func answer(_ call: Call, _ environment: Environment) async throws {
        do {
            let answer = try await TemporaryStore.with { store in
                try call.answer(try await options.request(in: environment, store: store, events: EventRelay { _ in }))
            }
            try Files.writeAll(Array(answer.text.utf8), to: STDOUT_FILENO, path: "standard output")
            if let error = answer.error { FailureMessage.printPlainly(error) }
            if answer.fails { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch {
            FailureMessage.printPlainly(error)
            throw ExitCode(1)
        }
    }

    private func build(
        _ environment: Environment, _ source: SourceText, report: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> (BuildSummary, OutputPlan) {
        for remark in ignored.remarks + (try options.platformRemarks()) { report(.warning(BuildWarning(remark))) }
        try options.output.checkReportFiles(in: environment)
        // Before anything is fetched: a slip in a flag should not cost a download.
        let parsed = try options.output.outputs.map { try OutputOption(parsing: $0) }
        let values = try await options.nameValues(for: parsed, in: environment)
        let outputs = try OutputPlan(options.output, parsed, values, in: environment)
        for remark in outputs.remarks { report(.warning(BuildWarning(remark))) }
        let relay = EventRelay(receive: report)
        options.output.fanIn.removeOldResult(in: environment)
        let store = try Store(at: store.path(in: environment))
        // Contexts may be fetched with the keys, too.
        return try await KeyAgent.withAgents(options.run.agentOptions(in: environment)) { agents in
            var request = try await options.request(in: environment, store: store, agents: agents, events: relay)
            request.tags = outputs.tags.whole
            source.dockerfile = try? DockerfileText(request)
            return (try await build(request, outputs, store, environment, relay), outputs)
        }
    }

    private func build(
        _ request: BuildRequest, _ outputs: OutputPlan, _ store: Store, _ environment: Environment,
        _ relay: EventRelay
    ) async throws -> BuildSummary {
        var configuration = RegistryConfiguration.standard(environment: environment.variables)
        configuration.certificateFile = environment["SSL_CERT_FILE"].map { environment.absolute($0) }
        configuration.insecureRegistries.formUnion(try outputs.insecureRegistries())
        let client = RegistryClient(
            credentials: StoredCredentials(environment: environment.variables), configuration: configuration)
        let finder = try options.emulators.finder(in: environment, store: store.root)
        try options.emulators.check(finder, for: request.platforms)
        let builder = Builder(
            store: store,
            images: RegistryImageSource(client: client, store: store, localImages: options.pull ? .never : .first),
            runner: SandboxRunner(finder: finder),
            environment: environment.variables, events: relay)
        do {
            let exporters = try outputs.exporters(for: request, store: store, client: client, environment)
            let caches = try cacheOptions.caches(for: request, client: client, in: environment, warn: relay.warn)
            let summary = try await builder.build(request, exporters: exporters, caches: caches)
            if outputs.keepsResultNameless { relay.warn(BuildWarning(Self.namelessResult)) }
            try await client.shutdown()
            return summary
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private static let namelessResult =
        "nothing was said of where the result goes, so it stays in the store; use --push, --load, --output or --tag"
}
