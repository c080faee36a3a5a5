// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Images
import OCI
import Registry
import Synchronization

/// Shows a copy as the displays of builds show steps: one for the source, one for each target.
final class CopyProgress: Sendable {
    private struct State {
        var reading: BuildStep?
        var targets: [Int: BuildStep] = [:]
        var started: [Int: ContinuousClock.Instant] = [:]
        var reports: [Int: CopyReport] = [:]
        var platforms: [Platform] = []
    }

    private let state = Mutex(State())
    private let events: EventRelay
    private let targets: [String]

    /// - Parameters:
    ///   - source: what people call the source.
    ///   - targets: what they call the targets.
    init(from source: String, to targets: [String], events: EventRelay) {
        self.events = events
        self.targets = targets
        let step = events.step("read \(source)")
        state.withLock { $0.reading = step }
        events.send(.started(step, at: .now))
    }

    func note(_ event: CopyEvent) {
        switch event {
        case .read(let image):
            state.withLock { $0.platforms = image.runnable.compactMap(\.platform) }
            endReading(.done)
        case .started(let target, _):
            let platforms = state.withLock { $0.platforms }
            let step = events.step("copy to \(targets[target])", platforms: platforms)
            let now = ContinuousClock.now
            state.withLock { state in
                state.targets[target] = step
                state.started[target] = now
            }
            events.send(.started(step, at: now))
        case .progressed(let target, let completed, let total):
            guard let step = state.withLock({ $0.targets[target] }) else { return }
            events.send(.progressed(step: step.id, completed: completed, total: total))
        case .finished(let target, let report):
            let (step, start) = state.withLock { state in
                state.reports[target] = report
                return (state.targets[target], state.started[target] ?? .now)
            }
            guard let step else { return }
            let words = report.words(in: start.duration(to: .now)) + "\n"
            events.send(.output(step: step.id, stream: .stderr, bytes: Array(words.utf8)))
            let outcome: BuildEvent.Outcome = report.sent.count == 0 && report.mounted.count == 0 ? .cached : .done
            events.send(.finished(step: step.id, outcome: outcome, at: .now))
        case .failed(let target, let error):
            guard let step = state.withLock({ $0.targets[target] }) else { return }
            let outcome: BuildEvent.Outcome = error is CancellationError ? .cancelled : .failed("\(error)")
            events.send(.finished(step: step.id, outcome: outcome, at: .now))
        }
    }

    /// Nothing more will come of the source.
    func stopped(by error: any Error) {
        endReading(error is CancellationError ? .cancelled : .failed("\(error)"))
    }

    /// Everything that was made is there.
    func complete() {
        let reports = state.withLock { $0.reports }.sorted { $0.key < $1.key }.map(\.value)
        guard let first = reports.first else { return }
        let images = first.image.runnable.compactMap { image in
            image.platform.map {
                BuildSummary.Image(platform: $0, digest: image.document.descriptor.digest, size: image.size)
            }
        }
        events.send(
            .completed(BuildSummary(digest: first.digest, images: images, names: reports.flatMap(\.places))))
    }

    private func endReading(_ outcome: BuildEvent.Outcome) {
        let step = state.withLock { state in
            defer { state.reading = nil }
            return state.reading
        }
        if let step { events.send(.finished(step: step.id, outcome: outcome, at: .now)) }
    }
}

extension CopyReport {
    /// What was moved and what was not: `sent 3 blobs (4.5MB, 12MB/s), mounted 1 (30MB), 2 were there (1kB)`.
    func words(in duration: Duration) -> String {
        if isUnchanged { return "it is there already" }
        var words: [String] = []
        if sent.count > 0 {
            let rate = HumanFormat.rate(sent.bytes, in: duration)
            words.append(
                "sent \(Self.blobs(sent.count)) (\(HumanFormat.bytes(sent.bytes))\(rate.map { ", \($0)" } ?? ""))")
        }
        if mounted.count > 0 {
            words.append("mounted \(Self.blobs(mounted.count)) (\(HumanFormat.bytes(mounted.bytes)))")
        }
        if alreadyThere.count > 0 {
            let bytes = HumanFormat.bytes(alreadyThere.bytes)
            words.append("\(Self.blobs(alreadyThere.count)) there already (\(bytes))")
        }
        return words.isEmpty ? "no blobs to send" : words.joined(separator: ", ")
    }

    private static func blobs(_ count: Int) -> String { count == 1 ? "1 blob" : "\(count) blobs" }
}

extension HumanFormat {
    /// How fast bytes went, as `12.3MB/s`; nil for a time too short to say.
    static func rate(_ count: Int64, in duration: Duration) -> String? {
        let milliseconds = milliseconds(duration)
        guard milliseconds >= 50 else { return nil }
        return bytes(Int64(Double(count) * 1000 / Double(milliseconds))) + "/s"
    }
}
