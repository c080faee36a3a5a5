// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Crypto
import FoundationEssentials
import SystemPackage
import TestSupport

/// What buildah made of cases in earlier runs, by everything that goes in.
struct BuildahMemory: Sendable {
    private let folder = Manifold.repository.appending(".build/differential")
    /// What all cases have in common: the program and the base images.
    private let common: String
    private let isUsed = ProcessInfo.processInfo.environment["CI"] == nil

    init() async throws {
        let script = """
            buildah --version
            cat "$1/scripts/base-images" "$1"/Tests/IntegrationTests/Differential/*.swift | sha256sum
            cd "$1/Tests/Differential/bases" && find . -type f | sort | xargs -r sha256sum
            """
        common = try await ChildProcess.run("sh", ["-ec", script, "sh", Manifold.repository.string]).check().output
    }

    /// The outcome of an earlier run, or the one that `build` makes.
    func outcome(
        of test: DifferentialCase, build: () async throws -> FlatImage.Outcome
    ) async throws -> FlatImage.Outcome {
        guard isUsed else { return try await build() }
        let script = """
            cd "$1" && find . ! -name differences.json -printf '%P %y %m %l\\n' | sort
            find . -type f ! -name differences.json | sort | xargs -r -d '\\n' sha256sum
            """
        let own = try await ChildProcess.run("sh", ["-ec", script, "sh", test.directory.string]).check().output
        let key = SHA256.hash(data: Data((common + own).utf8)).description.suffix(64)
        let file = folder.appending("\(key).json")
        if let data = try? Data(contentsOf: URL(filePath: file.string)),
            let outcome = try? JSONDecoder().decode(FlatImage.Outcome.self, from: data)
        {
            return outcome
        }
        let outcome = try await build()
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        try JSONEncoder().encode(outcome).write(to: URL(filePath: file.string), options: .atomic)
        return outcome
    }
}
