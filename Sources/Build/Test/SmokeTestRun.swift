// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Diagnosis
import OCI
import Sandbox

/// Runs the tests of a build in the images that it has made, before they go anywhere.
struct SmokeTestRun: Sendable {
    let tests: SmokeTests
    let runner: ImageRunner
    let library: LayerLibrary
    /// What the build gives to its RUN steps.
    let settings: RunSettings
    /// How many tests may run side by side.
    let limit: Int
    let relay: EventRelay

    /// One test in one image.
    private enum Test: Sendable {
        case command(SmokeTests.Command)
        case staysUp(Duration)
        case turnsHealthy(HealthWatch)
    }

    private func test(ofStaying time: Duration, in image: RunnableImage) -> Test {
        HealthWatch(image.config.config, least: time, most: tests.timeLimit).map { .turnsHealthy($0) } ?? .staysUp(time)
    }

    /// What became of the tests.
    struct Report {
        /// How many tests each image has passed that passed all, by the platform that was asked for.
        let passed: [Platform: Int]
        let failures: [SmokeTestFailure]
    }

    /// Runs every test in every image, also when one has failed: who mends one platform wants to know of the others.
    ///
    /// - Throws: ``LostLayer``; `CancellationError`.
    func run(in graph: BuildGraph, _ results: [Int: StepResult]) async throws -> Report {
        let work = graph.images.flatMap { planned in
            let image = RunnableImage(
                title: "the image", platform: planned.platform, config: planned.config,
                layers: results[planned.vertex]?.layers ?? [], source: library.source)
            let own = tests.staysUp.map { test(ofStaying: $0, in: image) }
            return (tests.commands.map { .command($0) } + [own].compactMap(\.self)).map { (planned.target, image, $0) }
        }
        let count = tests.commands.count + (tests.staysUp == nil ? 0 : 1)
        let failures = try await withThrowingTaskGroup(of: (Int, SmokeTestFailure?).self) { group in
            var failures: [(place: Int, failure: SmokeTestFailure)] = []
            func take(_ outcome: (Int, SmokeTestFailure?)) {
                if let failure = outcome.1 { failures.append((outcome.0, failure)) }
            }
            for (place, (target, image, test)) in work.enumerated() {
                if place >= limit, let outcome = try await group.next() { take(outcome) }
                group.addTask { (place, try await self.run(test, in: image, of: target)) }
            }
            for try await outcome in group { take(outcome) }
            return failures.sorted { $0.place < $1.place }.map(\.failure)
        }
        let failed = Set(failures.map(\.target))
        let passed = graph.images.map(\.target).filter { !failed.contains($0) }
        return Report(
            passed: Dictionary(passed.map { ($0, count) }) { first, _ in first }, failures: failures)
    }

    /// - Returns: why it failed; nil when it has not.
    private func run(
        _ test: Test, in image: RunnableImage, of target: Platform
    ) async throws -> SmokeTestFailure? {
        let step = relay.step(Self.title(of: test), platforms: [image.platform])
        do {
            try await relay.perform(step) {
                try await perform(test, in: image) { stream, bytes in
                    relay.send(.output(step: step.id, stream: stream, bytes: bytes))
                }
                return ((), .done)
            }
            return nil
        } catch let error as CancellationError {
            throw error
        } catch let lost as LostLayer {
            throw lost
        } catch {
            return SmokeTestFailure(
                step: step, platform: image.platform, target: target, reason: "\(error)",
                remedy: Self.remedy(of: error, in: test, image))
        }
    }

    private static func remedy(of error: any Error, in test: Test, _ image: RunnableImage) -> String? {
        if case .command(.shell) = test, case SandboxError.programNotFound(let program) = error,
            program == Self.shell(of: image.config.config).first
        {
            return #"without a shell, name the program as a list: --test '["/app", "--version"]'"#
        }
        return (error as? BadEnd)?.remedy ?? Remedy.of(error)
    }

    private static func title(of test: Test) -> String {
        switch test {
        case .command(let command): "test \(command)"
        case .staysUp(let time): "test that it stays up for \(Self.words(time))"
        case .turnsHealthy: "test that it turns healthy"
        }
    }

    private func perform(
        _ test: Test, in image: RunnableImage,
        _ output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws {
        var command = ImageCommand()
        command.network = tests.network
        command.settings = settings
        command.timeLimit = tests.timeLimit
        switch test {
        case .command(let words):
            command.entrypoint = []
            command.arguments = Self.words(words, image.config.config)
            let report = try await runner.run(command, in: image, library: library, output: output)
            switch report.end {
            case .ended(let status) where status.isSuccess: return
            case .ended(let status): throw BadEnd(status.sentence, report)
            case .timeOver:
                throw BadEnd("it still ran after \(Self.words(tests.timeLimit)) and was stopped", report)
            }
        case .staysUp(let time):
            command.timeLimit = time
            try Self.checkIsUp(try await runner.run(command, in: image, library: library, output: output))
        case .turnsHealthy(let watch):
            command.timeLimit = nil
            let report = try await runner.run(
                command, in: image, library: library, beside: { try await watch.wait(for: $0, output: output) },
                output: output)
            try Self.checkIsUp(report)
        }
    }

    private static func checkIsUp(_ report: ImageRunReport) throws {
        if case .ended(let status) = report.end {
            throw BadEnd("it ended after \(words(report.duration)) with \(status.sentence)", report)
        }
    }

    private static func words(_ command: SmokeTests.Command, _ config: ContainerConfig?) -> [String] {
        switch command {
        case .shell(let text): shell(of: config) + [text]
        case .program(let words): words
        }
    }

    private static func shell(of config: ContainerConfig?) -> [String] { config?.shell ?? ["/bin/sh", "-c"] }

    /// A time in seconds, with a tenth where there is one.
    private static func words(_ time: Duration) -> String {
        let tenths = time / .milliseconds(100)
        let whole = tenths.rounded() / 10
        return whole == whole.rounded() ? "\(Int64(whole))s" : "\(whole)s"
    }

    /// A test ended as it should not.
    private struct BadEnd: Error, CustomStringConvertible {
        let description: String
        let remedy: String?

        /// - Parameter report: may tell why.
        init(_ sentence: String, _ report: ImageRunReport) {
            description = sentence + (report.explanation.map { ": \($0.sentence)" } ?? "")
            remedy = report.explanation?.remedy
        }
    }
}
