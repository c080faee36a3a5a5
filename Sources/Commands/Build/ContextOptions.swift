// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import HTTP
import OCI
import Remote
import Store
import SystemPackage

/// What a build reads: the context, the Dockerfile, and named contexts.
struct ContextOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The build context, which COPY and ADD read from.",
            discussion: """
                A directory; the address of a git repository (https://….git#REFERENCE:DIRECTORY), of an archive or of a \
                Dockerfile; or - for an archive or a Dockerfile on standard input.
                """,
            valueName: "context"))
    var context: String

    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp(
            "The Dockerfile: a path, a web address, or - for standard input.",
            discussion: "Default: Dockerfile in the build context.", valueName: "file"))
    var file: String?

    @Option(
        name: .customLong("build-context"),
        help: ArgumentHelp(
            "Another source of files or a base image, by a name for FROM and --from; may be repeated.",
            discussion: """
                The value is a directory, docker-image://REFERENCE, oci-layout://DIRECTORY[:TAG][@DIGEST], or the address \
                of a git repository or an archive. A name goes before stages and images of the same name; \
                NAME::PLATFORM is for one platform.
                """,
            valueName: "NAME=VALUE"))
    var namedContexts: [String] = []

    @Option(
        name: .customLong("base"),
        help: ArgumentHelp(
            "Take another image than the Dockerfile names, as in 'alpine:*={dockerlib}/alpine:*'; may be repeated.",
            discussion: """
                Stars are the same on both sides; {dockerlib}, {debian}, {alpine}, {uname}, {gnu}, {rust}, {goarm}, \
                {qemu}, {kernel}, {architecture} and {variant} are names of the platform; NAME::PLATFORM=IMAGE is for \
                one platform. Rules made ready: docker-library (amd64/alpine, arm32v7/alpine and so on), multiarch.
                """,
            valueName: "NAME=IMAGE"))
    var bases: [String] = []

    /// What stands for images that the Dockerfile names.
    ///
    /// - Throws: ``OCIError``.
    func baseRules() throws -> [BaseRule] {
        try bases.flatMap { try BaseRule.preset($0) ?? [BaseRule($0)] }
    }

    /// Brings the context here.
    ///
    /// - Parameter keepsGitDirectory: whether a repository's `.git` is part of the context; nil when not said.
    /// - Throws: ``CommandError``, ``ContextError``, ``RemoteError``.
    func load(
        _ loader: ContextLoader, keepsGitDirectory: Bool?, in environment: Environment
    ) async throws -> LoadedContext {
        guard !context.isEmpty else {
            throw CommandError("the build context is missing", remedy: "name its directory, as in: manifold build .")
        }
        var location = try location(in: environment)
        if case .remote(.git(var source)) = location, let keepsGitDirectory {
            source.keepsGitDirectory = keepsGitDirectory
            location = .remote(.git(source))
        }
        return try await loader.load(location, dockerfile: dockerfile(in: environment))
    }

    private func location(in environment: Environment) throws -> ContextLocation {
        if context == "-" { return .standardInput }
        let path = environment.absolute(context)
        // A directory of this machine goes before what only looks like an address.
        if !Files.isDirectory(path), let source = try RemoteSource(context, shorthand: .accepted) {
            return .remote(source)
        }
        return .directory(path)
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
        if file == "-" { return .standardInput }
        return WebURL(file).map { .web($0) } ?? .path(file, environment.absolute(file))
    }
}
