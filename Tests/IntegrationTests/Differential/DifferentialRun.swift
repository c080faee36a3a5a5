// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

/// Builds all cases with both programs, before the first of them is looked at.
///
/// Buildah's results are kept below .build, by what went into them, so that a second run is quick; with CI set they are
/// always made anew.
struct DifferentialRun: SuiteTrait, TestScoping {
    /// What the two programs made of a case.
    struct Outcomes: Sendable {
        var manifold: FlatImage.Outcome
        var buildah: FlatImage.Outcome
    }

    @TaskLocal private static var results: [String: Result<Outcomes, any Error>] = [:]

    /// What became of a case.
    static func outcomes(of test: DifferentialCase) throws -> Outcomes {
        try #require(results[test.name], "the case was not built").get()
    }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let registry = try SharedRegistry.registry
        let results = try await Manifold.with { manifold in
            let bench = try await Bench(manifold, registry)
            return try await withThrowingTaskGroup(of: (String, Result<Outcomes, any Error>).self) { group in
                var waiting = DifferentialCase.all.makeIterator()
                var results: [String: Result<Outcomes, any Error>] = [:]
                func start() {
                    guard let next = waiting.next() else { return }
                    group.addTask { (next.name, await bench.build(next)) }
                }
                for _ in 0..<max(2, min(4, ProcessInfo.processInfo.activeProcessorCount)) { start() }
                for try await (name, result) in group {
                    results[name] = result
                    start()
                }
                return results
            }
        }
        try await Self.$results.withValue(results) { try await function() }
    }

    /// What all cases are built with.
    private struct Bench: Sendable {
        let manifold: Manifold
        let buildah: Buildah
        let registry: String
        let memory: BuildahMemory

        init(_ manifold: Manifold, _ registry: DebianRegistry) async throws {
            self.manifold = manifold
            self.registry = registry.host
            buildah = try await Buildah(in: manifold.path("buildah"), bases: ["busybox"], from: registry)
            let bases = DifferentialCase.folder.appending("bases")
            for name in try FileManager.default.contentsOfDirectory(atPath: bases.string).sorted() {
                try await buildah.makeBase(name, from: bases.appending(name), to: registry)
            }
            memory = try await BuildahMemory()
        }

        func build(_ test: DifferentialCase) async -> Result<Outcomes, any Error> {
            do {
                let context = manifold.path("\(test.name)/context")
                let folder = manifold.path(test.name)
                try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
                chmod(folder.string, 0o777)
                let files = try await test.makeContext(in: context)
                let ours = try await manifold.build(
                    test, files.manifold, in: context, to: folder.appending("manifold"), registry: registry)
                let theirs = try await memory.outcome(of: test) {
                    try await buildah.build(test, files.buildah, in: context, to: folder.appending("buildah"))
                }
                _ = try? await ChildProcess.run("rm", ["-rf", folder.string])
                return .success(Outcomes(manifold: ours, buildah: theirs))
            } catch {
                return .failure(error)
            }
        }
    }
}

extension Trait where Self == DifferentialRun {
    /// Builds all cases before the suite's tests look at them.
    static var differentialRun: DifferentialRun { DifferentialRun() }
}
