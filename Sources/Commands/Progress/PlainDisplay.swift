// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build

/// `--progress plain`: one line for each thing that happens, each with the step's number and its platforms.
///
///     #0 12 steps
///     #3 [linux/arm64 build 2/5] RUN make
///     #3 linux/arm64 1.234 cc -o hello hello.c
///     #3 linux/arm64 DONE 1.5s
///
/// `#0` is the build as a whole. A step of several platforms names them all, so that a search for one finds every line
/// that concerns it; a step of none says `internal`.
package struct PlainDisplay: ProgressDisplay {
    /// A transfer is mentioned so often and not oftener.
    package static let transferInterval = Duration.seconds(5)

    private var lastTransfers: [BuildStep.ID: Duration] = [:]

    package init() {}

    package mutating func show(
        _ update: ProgressUpdate, of build: BuildProgress, at now: ContinuousClock.Instant
    ) -> String {
        switch update {
        case .planned(let count):
            return "#0 \(count) \(count == 1 ? "step" : "steps")\n"
        case .started(let step):
            return "#\(step.id) \(step.label)\n"
        case .printed(let step, _, let lines, let elapsed):
            let prefix = prefix(step) + HumanFormat.seconds(elapsed, decimals: 3) + " "
            return lines.map { prefix + $0 + "\n" }.joined()
        case .progressed(let step, let transfer, let elapsed):
            guard elapsed - lastTransfers[step.id, default: .zero] >= Self.transferInterval else { return "" }
            lastTransfers[step.id] = elapsed
            return prefix(step) + "\(HumanFormat.seconds(elapsed, decimals: 3)) \(transfer)\n"
        case .silent(let step, let silence, let elapsed):
            let prefix = prefix(step) + HumanFormat.seconds(elapsed, decimals: 3) + " "
            return silence.lines.map { prefix + $0 + "\n" }.joined()
        case .finished(let step, let outcome, let elapsed, let transfer):
            lastTransfers[step.id] = nil
            return lines(step, outcome, elapsed, transfer)
        case .warning(let warning):
            return "#0 WARNING: \(warning.sentence)\n"
        case .completed(let summary):
            return summary.table
        }
    }

    private func lines(
        _ step: BuildStep, _ outcome: BuildEvent.Outcome, _ elapsed: Duration, _ transfer: Transfer?
    ) -> String {
        let prefix = prefix(step)
        let time = HumanFormat.duration(elapsed)
        switch outcome {
        case .done:
            let size = transfer.map { " (\(HumanFormat.bytes($0.completed)))" } ?? ""
            return "\(prefix)DONE \(time)\(size)\n"
        case .cached: return "\(prefix)CACHED\n"
        case .cancelled: return "\(prefix)CANCELED \(time)\n"
        case .failed(let message):
            let lines = SafeText.lines(message)
            return lines.isEmpty ? "\(prefix)ERROR\n" : lines.map { "\(prefix)ERROR \($0)\n" }.joined()
        }
    }

    private func prefix(_ step: BuildStep) -> String { "#\(step.id) \(step.platformLabel) " }
}
