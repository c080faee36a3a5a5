// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Build
import FoundationEssentials
import OCI
import Sandbox

/// `--progress json`: one JSON object on each line, for programs.
///
/// Every object has `event` and `time` (ISO 8601, UTC, milliseconds). A field without a value is left out; new fields
/// may be added, old ones stay. `step` is the step's number, unique within the build.
///
/// | event | further fields |
/// |---|---|
/// | `planned` | `steps` |
/// | `started` | `step`, `platforms`, `stage`, `number`, `count`, `title`, `firstLine`, `lastLine` |
/// | `output` | `step`, `platforms`, `stream` (`stdout`, `stderr`), `text`: one line without control characters |
/// | `progressed` | `step`, `platforms`, `completed`, `total` in bytes; at most four a second for one step |
/// | `silent` | `step`, `platforms`, `seconds`, `used` (processor time in seconds), `processes`, `message` |
/// | `finished` | `step`, `platforms`, `outcome` (`done`, `cached`, `failed`, `cancelled`), `message`, `seconds` |
/// | `warning` | `message`, `firstLine`, `rule`, `url` |
/// | `error` | `message`, `remedy`, `cause`, `step`, `platforms`, `failed`: why the build failed; the last object |
/// | `completed` | `digest`, `images` (`platform`, `digest`, `size`, `run`, `audit`, `passedTests`), `names`, `sharedRun`, `failed` |
///
/// `silent` tells of a step that has printed nothing for `seconds`: the processor time that was `used` in them, and
/// `processes` (`id`, `depth` in the tree, `command`, `seconds`, `state` as ps(1) has it).
///
/// `run` tells of the RUN steps that are of one platform alone, `sharedRun` of those that several share:
/// `nativeSeconds`, `emulatedSeconds`, `cached` (how many took an earlier result).
/// `failed` has the platforms that failed where others did not: `platform`, `message`, `optional`.
package struct JSONDisplay: ProgressDisplay {
    /// The time between two `progressed` objects of one step.
    package static let transferInterval = Duration.milliseconds(250)

    private var clock: ProgressClock
    private var lastTransfers: [BuildStep.ID: Duration] = [:]

    package init() {
        clock = ProgressClock()
    }

    /// Makes a display for which an instant of the monotonic clock is a given time of the day.
    package init(at instant: ContinuousClock.Instant, secondsSince1970: Double) {
        clock = ProgressClock(at: instant, secondsSince1970: secondsSince1970)
    }

    package mutating func show(
        _ update: ProgressUpdate, of build: BuildProgress, at now: ContinuousClock.Instant
    ) -> String {
        var record = Record(time: clock.time(now))
        switch update {
        case .planned(let count):
            record.event = "planned"
            record.steps = count
        case .started(let step):
            record.event = "started"
            record.describe(step)
        case .printed(let step, let stream, let lines, _):
            record.event = "output"
            record.name(step)
            record.stream = stream.rawValue
            return lines.map { line in
                record.text = line
                return encode(record)
            }.joined()
        case .progressed(let step, let transfer, let elapsed):
            if let last = lastTransfers[step.id], elapsed - last < Self.transferInterval { return "" }
            lastTransfers[step.id] = elapsed
            record.event = "progressed"
            record.name(step)
            record.completed = transfer.completed
            record.total = transfer.total
        case .silent(let step, let silence, _):
            record.event = "silent"
            record.name(step)
            record.describe(silence)
        case .finished(let step, let outcome, let elapsed, let transfer):
            lastTransfers[step.id] = nil
            record.event = "finished"
            record.name(step)
            record.completed = transfer?.completed
            record.total = transfer?.total
            record.seconds = Double(HumanFormat.milliseconds(elapsed)) / 1000
            (record.outcome, record.message) = outcome.words
        case .warning(let warning):
            record.event = "warning"
            record.message = warning.message
            record.firstLine = warning.line
            record.rule = warning.rule?.name
            record.url = warning.rule?.page
        case .completed(let summary):
            record.event = "completed"
            record.describe(summary)
        }
        return encode(record)
    }

    /// The object that a build that failed ends with.
    package func error(
        _ message: String, remedy: String?, cause: String? = nil, step: BuildStep?, failed: [FailedPlatform] = [],
        at now: ContinuousClock.Instant = .now
    ) -> String {
        var display = self
        var record = Record(time: display.clock.time(now))
        record.event = "error"
        if let step { record.name(step) }
        record.message = message
        record.remedy = remedy
        record.describe(failed)
        record.cause = cause
        return encode(record)
    }

    private func encode(_ record: Record) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // The record has no value that JSON cannot say, so this fails for no record that is made here.
        guard let data = try? encoder.encode(record) else { return "" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}

private struct Record: Encodable {
    struct Image: Encodable {
        let platform: String
        let digest: String
        let size: Int64
        let run: Run?
        let audit: String?
        let passedTests: Int?
    }

    struct Run: Encodable {
        let nativeSeconds: Double?
        let emulatedSeconds: Double?
        let cached: Int

        init(_ time: RunTime) {
            nativeSeconds = time.native.map { Double(HumanFormat.milliseconds($0)) / 1000 }
            emulatedSeconds = time.emulated.map { Double(HumanFormat.milliseconds($0)) / 1000 }
            cached = time.cachedCount
        }
    }

    struct Process: Encodable {
        let id: Int32
        let depth: Int
        let command: String
        let seconds: Double
        let state: String
    }

    struct Failed: Encodable {
        let platform: String
        let message: String
        let optional: Bool
    }

    let time: String
    var event = ""
    var steps: Int?
    var step: Int?
    var platforms: [String]?
    var stage: String?
    var number: Int?
    var count: Int?
    var title: String?
    var firstLine: Int?
    var lastLine: Int?
    var stream: String?
    var text: String?
    var completed: Int64?
    var total: Int64?
    var outcome: String?
    var message: String?
    var seconds: Double?
    var digest: String?
    var images: [Image]?
    var sharedRun: Run?
    var failed: [Failed]?
    var used: Double?
    var processes: [Process]?
    var names: [String]?
    var remedy: String?
    /// A word for what a command failed of; see `Explanation.Cause`.
    var cause: String?
    var rule: String?
    var url: String?

    init(time: String) {
        self.time = time
    }

    mutating func name(_ step: BuildStep) {
        self.step = step.id
        platforms = step.platforms.map(\.description)
    }

    mutating func describe(_ step: BuildStep) {
        name(step)
        stage = step.stage
        number = step.position?.number
        count = step.position?.count
        title = step.title
        firstLine = step.lines?.lowerBound
        lastLine = step.lines?.upperBound
    }

    mutating func describe(_ summary: BuildSummary) {
        digest = summary.digest.description
        images = summary.images.map {
            Image(
                platform: $0.platform.description, digest: $0.digest.description, size: $0.size,
                run: $0.runTime.map(Run.init), audit: $0.audit == .off ? nil : "\($0.audit)",
                passedTests: $0.passedTests)
        }
        sharedRun = summary.sharedRunTime.map(Run.init)
        names = summary.names
        describe(summary.failed)
    }

    mutating func describe(_ silence: StepSilence) {
        func seconds(_ time: Duration) -> Double { Double(HumanFormat.milliseconds(time)) / 1000 }
        self.seconds = seconds(silence.duration)
        used = seconds(silence.used)
        message = silence.hint
        processes = silence.processes.processes.prefix(100).map {
            Process(
                id: $0.id, depth: $0.depth, command: SafeText.singleLine($0.command, limit: 1000),
                seconds: seconds($0.processorTime), state: String($0.state))
        }
    }

    mutating func describe(_ failed: [FailedPlatform]) {
        guard !failed.isEmpty else { return }
        self.failed = failed.map {
            Failed(platform: $0.platform.description, message: $0.reason, optional: $0.isOptional)
        }
    }
}

extension BuildEvent.Outcome {
    fileprivate var words: (outcome: String, message: String?) {
        switch self {
        case .done: ("done", nil)
        case .cached: ("cached", nil)
        case .failed(let message): ("failed", message)
        case .cancelled: ("cancelled", nil)
        }
    }
}
