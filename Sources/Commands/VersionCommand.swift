// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import OCI

/// The program's version.
enum Version {
    static let current = "0.1.0"
}

/// `manifold version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of manifold.")

    func run() throws {
        print("manifold \(Version.current) (\(Platform.host))")
    }
}
