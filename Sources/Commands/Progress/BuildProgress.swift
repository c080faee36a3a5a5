// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Build

/// How a build stands: follows its events and turns them into what displays show.
///
/// Work per event is bounded by the event's own size, and memory by the number of running steps. Events about steps
/// that are not running are passed over.
package struct BuildProgress: Sendable {
    /// A step that has begun and not ended.
    package struct RunningStep: Sendable {
        package let step: BuildStep
        package let startedAt: ContinuousClock.Instant
        package fileprivate(set) var transfer: Transfer?
        /// What was told last of a step that prints nothing; nil when it has printed since.
        package fileprivate(set) var silence: StepSilence?
        fileprivate var tail = OutputTail()
        fileprivate var assemblers: [BuildEvent.OutputStream: LineAssembler] = [:]
        fileprivate var lastStream: BuildEvent.OutputStream?

        /// What the step printed last, be the line complete or not; nil when it printed nothing.
        package var currentLine: String? {
            if let lastStream, let partial = assemblers[lastStream]?.partial { return partial }
            return tail.lines.last { !$0.text.isEmpty }?.text
        }
    }

    /// How many steps are known of: those of the plan and what came up besides, as transfers do; nil before the plan
    /// is made.
    package var stepCount: Int? { plannedCount.map { $0 + unplannedCount } }
    private var plannedCount: Int?
    private var unplannedCount = 0
    /// The number of the plan's last step: steps are numbered one after another, those before the plan first.
    private var lastPlannedID = 0
    /// How many steps have ended.
    package private(set) var finishedCount = 0
    /// When the build began.
    package private(set) var startedAt: ContinuousClock.Instant?
    /// The steps that failed, in the order in which they did.
    package private(set) var failures: [StepFailure] = []
    /// What the build made; nil until it is over.
    package private(set) var summary: BuildSummary?

    private var steps: [BuildStep.ID: RunningStep] = [:]
    private var order: [BuildStep.ID] = []

    package init() {}

    /// The running steps, longest running first.
    package var running: [RunningStep] { order.compactMap { steps[$0] } }

    /// Takes in an event and says what there is to show.
    package mutating func apply(_ event: BuildEvent, at now: ContinuousClock.Instant) -> [ProgressUpdate] {
        if startedAt == nil { startedAt = now }
        switch event {
        case .planned(let count):
            plannedCount = count
            lastPlannedID += count
            return [.planned(stepCount: count)]
        case .started(let step, let instant):
            guard steps[step.id] == nil else { return [] }
            steps[step.id] = RunningStep(step: step, startedAt: instant)
            order.append(step.id)
            if plannedCount == nil { lastPlannedID = max(lastPlannedID, step.id) }
            if plannedCount == nil || step.id > lastPlannedID { unplannedCount += 1 }
            return [.started(step)]
        case .output(let id, let stream, let bytes):
            return print(bytes, to: stream, of: id, at: now)
        case .progressed(let id, let completed, let total):
            let transfer = Transfer(completed: completed, total: total)
            steps[id]?.transfer = transfer
            guard let running = steps[id] else { return [] }
            return [.progressed(running.step, transfer, elapsed: running.startedAt.duration(to: now))]
        case .transferred(let id, let tally, let duration):
            return print(Array((tally.words(in: duration) + "\n").utf8), to: .stderr, of: id, at: now)
        case .silent(let id, let silence):
            steps[id]?.silence = silence
            guard let running = steps[id] else { return [] }
            return [.silent(running.step, silence, elapsed: running.startedAt.duration(to: now))]
        case .finished(let id, let outcome, let instant):
            return finish(id, outcome, at: instant)
        case .warning(let warning):
            return [.warning(warning)]
        case .completed(let summary):
            self.summary = summary
            return [.completed(summary)]
        }
    }

    private mutating func print(
        _ bytes: [UInt8], to stream: BuildEvent.OutputStream, of id: BuildStep.ID, at now: ContinuousClock.Instant
    ) -> [ProgressUpdate] {
        guard let step = steps[id]?.step, let startedAt = steps[id]?.startedAt,
            let lines = steps[id]?.assemblers[stream, default: LineAssembler()].append(bytes)
        else { return [] }
        steps[id]?.lastStream = stream
        steps[id]?.silence = nil
        guard !lines.isEmpty else { return [] }
        let elapsed = startedAt.duration(to: now)
        for line in lines.suffix(OutputTail.lineLimit) {
            steps[id]?.tail.append(OutputTail.Line(elapsed: elapsed, text: line))
        }
        return [.printed(step, stream, lines: lines, elapsed: elapsed)]
    }

    private mutating func finish(
        _ id: BuildStep.ID, _ outcome: BuildEvent.Outcome, at instant: ContinuousClock.Instant
    ) -> [ProgressUpdate] {
        guard var ended = steps.removeValue(forKey: id) else { return [] }
        order.removeAll { $0 == id }
        finishedCount += 1
        let elapsed = ended.startedAt.duration(to: instant)
        var updates: [ProgressUpdate] = []
        for stream in [BuildEvent.OutputStream.stdout, .stderr] {
            guard let line = ended.assemblers[stream]?.flush() else { continue }
            ended.tail.append(OutputTail.Line(elapsed: elapsed, text: line))
            updates.append(.printed(ended.step, stream, lines: [line], elapsed: elapsed))
        }
        if case .failed(let message) = outcome {
            failures.append(StepFailure(step: ended.step, message: message, output: ended.tail.lines))
        }
        updates.append(.finished(ended.step, outcome, elapsed: elapsed, transfer: ended.transfer))
        return updates
    }
}
