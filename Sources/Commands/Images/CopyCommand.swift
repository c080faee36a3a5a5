// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI

/// `manifold copy`
struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copy an image, with all its platforms, between registries, layouts, archives and the store.",
        discussion: """
            A place is NAME or docker://NAME (in a registry), oci:DIR[:TAG] (an OCI layout), oci-archive:FILE[:TAG], \
            docker-archive:FILE[:NAME] (of one platform) or store:NAME.

            What a target has is not sent, what its registry has elsewhere is mounted, and what several targets need \
            is fetched once. The digest stays the same unless platforms or attestations are left out. A target gets \
            the image under its name when all of it is there; one that fails keeps what it had, and the others go on. \
            Printed is the digest, once for each target.

            Examples:
              manifold copy alpine:3.20 registry.example/mirror/alpine:3.20
              manifold copy --platform linux/amd64,linux/arm64 oci:out:1.0 registry.example/me/app:1.0 other.example/me/app:1.0
            """)

    @Argument(help: "Where the image is.") var source: String

    @Argument(help: "Where it is to be; one or several places.") var targets: [String]

    @OptionGroup var selection: SelectionOptions

    @OptionGroup var condition: ExpectationOptions

    @OptionGroup var progress: ProgressOptions
    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    func run() async throws {
        let environment = Environment.current()
        let transfer = try FailureMessage.explaining {
            try ImageTransfer(
                source: ImagePlace(source, absolute: environment.absolute),
                targets: targets.map { try ImagePlace($0, absolute: environment.absolute) },
                choice: try selection.choice(), expected: try condition.expectation())
        }
        try await transfer.run(progress, registry, store, in: environment)
    }
}

extension FailureMessage {
    /// Does something; what goes wrong is told as errors are, and ends the command.
    ///
    /// - Throws: `ExitCode`.
    static func explaining<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch {
            printPlainly(error)
            throw ExitCode(1)
        }
    }
}
