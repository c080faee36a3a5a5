// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Dockerfile
import Store
import SystemPackage

/// The Dockerfile of a build and what belongs to it.
package struct DockerfileText: Sendable {
    /// The file's name, for messages.
    package let name: String
    let bytes: [UInt8]
    private let context: ContextDirectory
    /// The patterns of the ignore file that is the Dockerfile's own.
    private let ownPatterns: IgnorePatterns?

    /// The physical lines.
    package var lines: [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Reads the file that a request names, or that lies in the context.
    ///
    /// - Throws: ``BuildError``, ``StoreError``.
    package init(_ request: BuildRequest) throws {
        context = ContextDirectory(request.context, title: request.contextTitle)
        guard Files.isDirectory(context.path) else {
            throw BuildError.unreadableContext(
                context.name,
                reason: Files.exists(context.path) ? "it is not a directory" : "there is no such directory",
                remedy: "give the directory that holds the Dockerfile, as in: manifold build .")
        }
        switch request.dockerfile {
        case .text(let bytes, let name):
            (self.name, self.bytes, ownPatterns) = (name, bytes, nil)
        case .file(let path):
            guard !Files.isDirectory(path), let bytes = try Files.read(path, limit: ContextFile.limit) else {
                throw BuildError.missingDockerfile("at \(path)")
            }
            (name, self.bytes) = (path.lastComponent?.string ?? path.string, bytes)
            let ignoreFile = FilePath(path.string + ".dockerignore")
            ownPatterns = try Files.read(ignoreFile, limit: ContextFile.limit).map { bytes in
                try ContextFile.patterns(bytes, name: ignoreFile.string)
            }
        case .standard: (name, bytes, ownPatterns) = try Self.read(["Dockerfile", "dockerfile"], in: context)
        case .inContext(let path): (name, bytes, ownPatterns) = try Self.read([path], in: context)
        }
    }

    private static func read(
        _ candidates: [String], in context: ContextDirectory
    ) throws -> (name: String, bytes: [UInt8], ownPatterns: IgnorePatterns?) {
        for path in candidates {
            guard let bytes = try ContextFile.read(path, in: context) else { continue }
            let ignoreFile = path + ".dockerignore"
            let patterns = try ContextFile.read(ignoreFile, in: context).map { bytes in
                try ContextFile.patterns(bytes, name: context.name(of: context.path.pushing(FilePath(ignoreFile))))
            }
            return (FilePath(path).lastComponent?.string ?? path, bytes, patterns)
        }
        let place = context.path.pushing(FilePath(candidates[0]))
        throw BuildError.missingDockerfile(
            context.isTemporary ? "called \(context.name(of: place))" : "at \(place)")
    }

    package func parse() throws -> Dockerfile {
        do { return try Dockerfile(parsing: bytes) } catch {
            throw BuildError.invalidDockerfile(error.rendered(fileName: name, source: lines))
        }
    }

    /// What the context leaves out: a file of the Dockerfile's own goes before the context's.
    ///
    /// - Throws: ``BuildError``, ``StoreError``.
    package func ignorePatterns() throws -> IgnorePatterns? {
        try ownPatterns ?? ContextFile.ignorePatterns(in: context)
    }

    /// Runs `body`; an error about the Dockerfile gets the lines that it is about.
    func explaining<Result>(_ dockerfile: Dockerfile, _ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch let error as DockerfileError {
            throw BuildError.invalidDockerfile(error.rendered(fileName: name, source: dockerfile.lines))
        }
    }
}
