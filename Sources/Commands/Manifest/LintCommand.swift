// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Glibc
import Images
import OCI
import Store
import SystemPackage

/// `manifold manifest lint`
struct LintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Look for what is wrong with a list: platforms that nobody asks for, images that are gone, and more.",
        discussion: """
            The list is judged as it is written, against the manifests and configs that it names; no layer is fetched. \
            For each finding is told which boards it hurts and what mends it. docs/lists.md has the rules.

            The place is NAME (in a registry), oci:DIR[:TAG], oci-archive:FILE[:TAG] or store:NAME. The exit status is \
            0 when all is well, 1 when something was found, and 2 when a list cannot be read.

            Examples:
              manifold manifest lint registry.example/me/app:1.0
              manifold manifest lint --fail-on error --json oci:out:1.0
            """)

    /// From which severity on findings count.
    enum Level: String, ExpressibleByArgument, CaseIterable {
        case warning, error

        var severity: ListSeverity { self == .warning ? .warning : .error }
    }

    @Argument(help: ArgumentHelp("Where the lists are.", valueName: "place")) var places: [String]

    @Flag(name: .customLong("json"), help: "Print JSON: a list with an object for each place.") var isJSON = false

    @Option(
        name: .customLong("fail-on"),
        help: ArgumentHelp("End with 1 for findings of this level or worse.", valueName: "level"))
    var level = Level.warning

    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        let terminal = ProgressTerminal(.standardOutput, environment: environment.variables)
        var status: Int32 = 0
        var reports: [ListReport] = []
        for text in places {
            do {
                let report = try await Interruption.cancels {
                    let place = try ListPlace(text, in: environment)
                    return ListReport(try await place.read(.children, registry, store, in: environment), in: place)
                }
                if report.worst >= level.severity { status = max(status, ListVerdict.found) }
                if !isJSON { try write((reports.isEmpty ? "" : "\n") + report.text(on: terminal)) }
                reports.append(report)
            } catch {
                status = max(status, ListVerdict.status(after: error))
                if error is Interrupted { break }
            }
        }
        if isJSON { try write(try ImageDescription.json(reports)) }
        if status != 0 { throw ExitCode(status) }
    }

    private func write(_ text: String) throws {
        try Files.writeAll(Array(text.utf8), to: STDOUT_FILENO, path: "standard output")
    }
}
