// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Diagnosis
import Emulation
import FoundationEssentials
import Images
import OCI
import Sandbox

/// What became of one platform.
struct VerifiedImage: Sendable {
    /// Why it failed.
    struct Failure: Sendable {
        let reason: String
        let remedy: String?
        let step: BuildStep
    }

    let platform: Platform
    var image: PulledImage?
    var mode: ExecutionMode?
    var report: ImageRunReport?
    var failure: Failure?
}

/// Pulls an image as the clients of its platforms do and runs it for each.
struct ImageVerification: Sendable {
    let reader: any ImageReader
    let rehearsal: PullRehearsal
    /// What is run; nil for nothing.
    let command: ImageCommand?
    /// Whether the command is good when it does not end.
    let staysUp: Bool
    let runner: ImageRunner
    let finder: EmulatorFinder
    let events: EventRelay

    /// Verifies all platforms, some at a time; one that fails does not keep the others from being tried.
    ///
    /// - Throws: `CancellationError`.
    func run(for platforms: [Platform]) async throws -> [VerifiedImage] {
        let breadth = max(1, ProcessInfo.processInfo.activeProcessorCount)
        return try await withThrowingTaskGroup(of: (Int, VerifiedImage).self) { group in
            var outcomes: [Int: VerifiedImage] = [:]
            for (number, platform) in platforms.enumerated() {
                if number >= breadth, let (place, outcome) = try await group.next() { outcomes[place] = outcome }
                group.addTask { (number, try await verify(platform)) }
            }
            for try await (place, outcome) in group { outcomes[place] = outcome }
            return platforms.indices.compactMap { outcomes[$0] }
        }
    }

    private func verify(_ platform: Platform) async throws -> VerifiedImage {
        var outcome = VerifiedImage(platform: platform)
        let pulling = events.step("pull \(reader.title)", platforms: [platform])
        do {
            let image = try await events.perform(pulling) {
                let image = try await rehearsal.pull(for: platform) { completed, total in
                    events.send(.progressed(step: pulling.id, completed: completed, total: total))
                }
                return (image, .done)
            }
            outcome.image = image
            for note in image.notes { events.warn(BuildWarning("\(platform): \(note)")) }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            outcome.failure = .init(reason: "\(error)", remedy: Remedy.of(error), step: pulling)
        }
        guard let command, let image = outcome.image else { return outcome }
        try await run(command, image, &outcome)
        return outcome
    }

    private func run(_ command: ImageCommand, _ image: PulledImage, _ outcome: inout VerifiedImage) async throws {
        let platform = outcome.platform
        let runnable = RunnableImage(
            platform: platform, config: image.config, manifest: image.manifest, from: reader)
        let words = (try? command.words(in: runnable)) ?? []
        let step = events.step(
            words.isEmpty ? "run" : "run \(words.joined(separator: " "))", platforms: [platform])
        do {
            outcome.mode = try? ExecutionMode(for: platform, finder: finder)
            let report = try await events.perform(step) {
                let report = try await runner.run(command, in: runnable) { stream, bytes in
                    events.send(.output(step: step.id, stream: stream, bytes: bytes))
                }
                try check(report, command)
                return (report, .done)
            }
            outcome.report = report
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as BadEnd {
            outcome.report = error.report
            outcome.failure = .init(reason: "\(error)", remedy: error.report.explanation?.remedy, step: step)
        } catch {
            outcome.failure = .init(reason: "\(error)", remedy: Remedy.of(error), step: step)
        }
    }

    private func check(_ report: ImageRunReport, _ command: ImageCommand) throws {
        let limit = HumanFormat.duration(command.timeLimit ?? .zero)
        let after = "after \(HumanFormat.duration(report.duration))"
        switch report.end {
        case .ended(let status) where staysUp:
            let why = report.explanation.map { ": \($0.sentence)" } ?? ""
            throw BadEnd(
                report: report, description: "\(status.sentence) \(after), and should have stayed up for \(limit)\(why)"
            )
        case .ended(let status) where !status.isSuccess:
            let why = report.explanation.map { ": \($0.sentence)" } ?? ""
            throw BadEnd(report: report, description: status.sentence + why)
        case .timeOver where !staysUp:
            throw BadEnd(report: report, description: "it still ran after \(limit) and was stopped")
        case .ended, .timeOver: return
        }
    }

    /// A command ended as it should not.
    private struct BadEnd: Error, CustomStringConvertible {
        let report: ImageRunReport
        let description: String
    }
}
