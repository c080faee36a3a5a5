// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import FoundationEssentials
import OCI

/// `--progress rawjson`: what `docker buildx build` writes in this mode, for programs that read that: on each line a
/// BuildKit `SolveStatus` (client/graph.go) with what is new.
///
/// A step's digest is a name for it and no digest of content. What buildx does not tell is not there: the summary.
package struct RawJSONDisplay: ProgressDisplay {
    private var clock: ProgressClock
    private var started: [BuildStep.ID: String] = [:]
    private var lastTransfers: [BuildStep.ID: Duration] = [:]

    package init() { clock = ProgressClock() }

    /// Makes a display for which an instant of the monotonic clock is a given time of the day.
    package init(at instant: ContinuousClock.Instant, secondsSince1970: Double) {
        clock = ProgressClock(at: instant, secondsSince1970: secondsSince1970)
    }

    package mutating func show(
        _ update: ProgressUpdate, of build: BuildProgress, at now: ContinuousClock.Instant
    ) -> String {
        let time = clock.time(now)
        switch update {
        case .planned, .completed:
            return ""
        case .started(let step):
            started[step.id] = time
            return encode(Status(vertexes: [Vertex(step, started: time)]))
        case .printed(let step, let stream, let lines, _):
            let number = stream == .stdout ? 1 : 2
            return encode(
                Status(
                    logs: lines.map {
                        Log(vertex: step.digest, stream: number, data: Data(($0 + "\n").utf8), timestamp: time)
                    }))
        case .silent(let step, let silence, _):
            return encode(
                Status(
                    logs: silence.lines.map {
                        Log(vertex: step.digest, stream: 2, data: Data(($0 + "\n").utf8), timestamp: time)
                    }))
        case .progressed(let step, let transfer, let elapsed):
            if let last = lastTransfers[step.id], elapsed - last < JSONDisplay.transferInterval { return "" }
            lastTransfers[step.id] = elapsed
            return encode(Status(statuses: [Transferred(step, transfer, started: started[step.id], at: time)]))
        case .finished(let step, let outcome, _, let transfer):
            lastTransfers[step.id] = nil
            var vertex = Vertex(step, started: started.removeValue(forKey: step.id))
            vertex.completed = time
            switch outcome {
            case .done: break
            case .cached: vertex.cached = true
            case .failed(let message): vertex.error = message
            case .cancelled: vertex.error = "context canceled"
            }
            var status = Status(vertexes: [vertex])
            if let transfer {
                var moved = Transferred(step, transfer, started: vertex.started, at: time)
                moved.completed = time
                status.statuses = [moved]
            }
            return encode(status)
        case .warning(let warning):
            return encode(Status(warnings: [Warning(warning)]))
        }
    }

    private func encode(_ status: Status) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A status has no value that JSON cannot say, so this fails for none that is made here.
        guard let data = try? encoder.encode(status) else { return "" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}

private struct Status: Encodable {
    var vertexes: [Vertex]?
    var statuses: [Transferred]?
    var logs: [Log]?
    var warnings: [Warning]?
}

private struct Vertex: Encodable {
    let digest: String
    let name: String
    let started: String?
    var completed: String?
    var cached: Bool?
    var error: String?

    init(_ step: BuildStep, started: String?) {
        digest = step.digest
        name = step.label
        self.started = started
    }
}

private struct Transferred: Encodable {
    let id: String
    let vertex: String
    let total: Int64?
    let current: Int64
    let timestamp: String
    let started: String?
    var completed: String?

    init(_ step: BuildStep, _ transfer: Transfer, started: String?, at time: String) {
        id = step.singleLineTitle
        vertex = step.digest
        total = transfer.total
        current = transfer.completed
        timestamp = time
        self.started = started
    }
}

private struct Log: Encodable {
    let vertex: String
    let stream: Int
    let data: Data
    let timestamp: String
}

private struct Warning: Encodable {
    struct Line: Encodable {
        struct Position: Encodable {
            let line: Int
        }
        let start: Position
        let end: Position
    }

    let level = 1
    let short: Data
    let url: String?
    let range: [Line]?

    init(_ warning: BuildWarning) {
        short = Data(((warning.rule.map { "\($0.name): " } ?? "") + warning.message).utf8)
        url = warning.rule?.page
        range = warning.line.map { [Line(start: .init(line: $0), end: .init(line: $0))] }
    }
}

extension BuildStep {
    fileprivate var digest: String { Digest.sha256(of: "\(id) \(label)").description }
}
