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
            if report.isUnchanged {
                events.send(.output(step: step.id, stream: .stderr, bytes: Array("it is there already\n".utf8)))
            } else {
                events.send(.transferred(step: step.id, report.tally, start.duration(to: .now)))
            }
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
