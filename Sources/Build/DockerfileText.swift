// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Dockerfile
import Store
import SystemPackage

/// The Dockerfile of a build and what belongs to it on disk.
package struct DockerfileText: Sendable {
    let path: FilePath
    let bytes: [UInt8]
    private let context: FilePath

    /// The file's name, for messages.
    package var name: String { path.lastComponent?.string ?? "Dockerfile" }

    /// The physical lines.
    package var lines: [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Reads the file that a request names, or that lies in the context.
    ///
    /// - Throws: ``BuildError``.
    package init(_ request: BuildRequest) throws {
        context = request.context
        guard Files.isDirectory(context) else {
            let reason = Files.exists(context) ? "it is not a directory" : "there is no such directory"
            throw BuildError.unreadableContext(context, reason: reason)
        }
        let candidates =
            request.dockerfile.map { [$0] } ?? ["Dockerfile", "dockerfile"].map { request.context.appending($0) }
        for candidate in candidates where !Files.isDirectory(candidate) {
            if let bytes = try Files.read(candidate, limit: 16 << 20) {
                (path, self.bytes) = (candidate, bytes)
                return
            }
        }
        throw BuildError.missingDockerfile(candidates[0])
    }

    package func parse() throws -> Dockerfile {
        do { return try Dockerfile(parsing: bytes) } catch {
            throw BuildError.invalidDockerfile(error.rendered(fileName: name, source: lines))
        }
    }

    /// What the context leaves out: a file of the Dockerfile's own goes before the context's.
    ///
    /// - Throws: ``BuildError``.
    package func ignorePatterns() throws -> IgnorePatterns? {
        for candidate in [FilePath(path.string + ".dockerignore"), context.appending(".dockerignore")] {
            guard let bytes = try Files.read(candidate, limit: 16 << 20) else { continue }
            do throws(DockerfileError) {
                return try IgnorePatterns(parsing: String(decoding: bytes, as: UTF8.self))
            } catch {
                throw BuildError.invalidDockerfile("\(candidate): \(error)")
            }
        }
        return nil
    }

    /// Runs `body`; an error about the Dockerfile gets the lines that it is about.
    func explaining<Result>(_ dockerfile: Dockerfile, _ body: () async throws -> Result) async throws -> Result {
        do { return try await body() } catch let error as DockerfileError {
            throw BuildError.invalidDockerfile(error.rendered(fileName: name, source: dockerfile.lines))
        }
    }
}
