// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import OCI
import Store
import SystemPackage

/// What a build reads: the context, the Dockerfile, and named contexts.
struct ContextOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The build context, which COPY and ADD read from: a directory, or - for an archive or a Dockerfile on standard input.",
            valueName: "path"))
    var context: String

    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp(
            "The Dockerfile; - for standard input.",
            discussion: "Default: Dockerfile in the build context.", valueName: "path"))
    var file: String?

    @Option(
        name: .customLong("build-context"),
        help: ArgumentHelp(
            "Another source of files or a base image, by a name for FROM and --from; may be repeated.",
            discussion: """
                The value is a directory, docker-image://REFERENCE, or oci-layout://DIRECTORY[:TAG][@DIGEST]. A name goes \
                before stages and images of the same name.
                """,
            valueName: "NAME=VALUE"))
    var namedContexts: [String] = []

    /// Brings the context here.
    ///
    /// - Throws: ``CommandError``, ``ContextError``.
    func load(_ loader: ContextLoader, in environment: Environment) async throws -> LoadedContext {
        guard !context.isEmpty else {
            throw CommandError("the build context is missing", remedy: "name its directory, as in: manifold build .")
        }
        return try await loader.load(
            context == "-" ? .standardInput : .directory(environment.absolute(context)),
            dockerfile: dockerfile(in: environment))
    }

    /// Brings what names stand for here.
    ///
    /// - Throws: ``CommandError``, ``ContextError``.
    func namedContexts(_ loader: ContextLoader, in environment: Environment) async throws -> [NamedContext] {
        var contexts: [NamedContext] = []
        for text in namedContexts {
            contexts.append(try await loader.named(text) { environment.absolute($0) })
        }
        return contexts
    }

    private func dockerfile(in environment: Environment) -> DockerfileLocation {
        guard let file, !file.isEmpty else { return .standard }
        return file == "-" ? .standardInput : .path(file, environment.absolute(file))
    }
}
