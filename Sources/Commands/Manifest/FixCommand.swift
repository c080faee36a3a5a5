// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry
import Store
import SystemPackage

/// `manifold manifest fix`
struct FixCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fix",
        abstract: "Repair what manifold manifest lint finds in a list, as far as there is no doubt.",
        discussion: """
            Each change is told; what cannot be repaired is told, too, and stays letter for letter. The new list is \
            written by its digest first and its name moves last, if it still stands for what was read. Images stay as \
            they are. Printed is the digest that the name stands for then. When there is nothing to repair, nothing \
            is written.

            Examples:
              manifold manifest fix --dry-run registry.example/me/app:1.0
              manifold manifest fix --to registry.example/me/app:1.0-fixed registry.example/me/app:1.0
            """)

    @Argument(help: "Where the list is: NAME, oci:DIR[:TAG], oci-archive:FILE[:TAG] or store:NAME.") var place: String

    @Option(
        name: .customLong("to"),
        help: ArgumentHelp("Write the repaired list here, with its images, and leave the old one.", valueName: "place"))
    var target: String?

    @Flag(name: .customLong("dry-run"), help: "Tell what would change and write nothing.") var isRehearsal = false

    @Flag(
        name: .customLong("trust-configs"),
        help: "Where the list and an image's config name different platforms, believe the config.")
    var trustsConfigs = false

    @Option(
        name: .customLong("if-match"),
        help: ArgumentHelp(
            "Change nothing unless the name that is written to stands for this digest.",
            discussion: """
                Without --to it is always asked, right before the name moves, whether it still stands for what was \
                read; registries have no way to do both in one step.
                """,
            valueName: "digest"))
    var expected: String?

    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        try await CommandOutput.reporting { try await fix() }
    }

    private func fix() async throws {
        let environment = Environment.current()
        let source = try ListPlace(place, in: environment)
        let target = try target.map { try ListPlace($0, in: environment) }
        let expected = try expected.map { try Digest($0) }
        let store = try Store(at: store.path(in: environment))
        let registries = source.place.registries + (target?.place.registries ?? [])
        let digest = try await registry.withClient(for: registries, in: environment) { client in
            let work = FixWork(
                access: ImageAccess(client: client, store: store), source: source, target: target, expected: expected)
            return try await work.run(trust: trustsConfigs ? .config : .neither, writes: !isRehearsal)
        }
        try CommandOutput.result(digest.description)
    }
}
