// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import SystemPackage

/// The base images that scripts/base-images makes of Debian's packages: `busybox`, `debian-gcc`, and `debian` for each
/// architecture that Debian has.
public enum BaseImages {
    /// The layout of a base image; makes it if it is not there yet.
    ///
    /// - Throws: Failure with the script's words.
    public static func layout(_ name: String) async throws -> FilePath {
        let chosen = ProcessInfo.processInfo.environment["MANIFOLD_BASES"]
        let bases = chosen.map { FilePath($0) } ?? Manifold.repository.appending(".build/bases")
        // The script keeps what is there, and two of it wait for each other.
        let result = try await ChildProcess.run(
            Manifold.repository.appending("scripts/base-images").string, [bases.string, name], timeout: .seconds(600))
        guard result.succeeded else { throw Failure(description: "\(result)") }
        return bases.appending(name)
    }

    /// Puts a base image with all its platforms into a registry, as `NAME:latest`.
    public static func push(_ name: String, to registry: DebianRegistry, user: DebianRegistry.User? = nil) async throws
    {
        var arguments = ["--insecure-policy", "copy", "--quiet", "--all", "--dest-tls-verify=false"]
        if let user { arguments.append("--dest-creds=\(user.name):\(user.password)") }
        let result = try await ChildProcess.run(
            "skopeo", arguments + ["oci:\(try await layout(name)):latest", "docker://\(registry.host)/\(name):latest"])
        guard result.succeeded else { throw Failure(description: "\(result)") }
    }

    /// A program that makes or moves the images failed.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }
}
