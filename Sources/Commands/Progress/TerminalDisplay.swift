// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build

/// `--progress tty`: a block of running steps that is drawn again and again, with finished steps scrolling up above it.
///
/// The cursor is hidden from the first drawing until ``finish(_:at:)``. No line is longer than the terminal is wide,
/// and the block is never higher than the terminal, so that moving the cursor up by the block's height always finds
/// its top again.
package struct TerminalDisplay: ProgressDisplay {
    /// What makes the cursor visible again; for a program that must end without ``finish(_:at:)``.
    package static let restoringSequence = "\u{1B}[?25h"

    /// A line that scrolls up and stays.
    private enum Entry: Sendable {
        case finished(BuildStep, BuildEvent.Outcome, elapsed: Duration)
        case warning(BuildWarning)
    }

    private let terminal: ProgressTerminal
    private let pen: TerminalPen
    private var entries: [Entry] = []
    private var drawn: [TerminalRow] = []
    private var drawnSize: ProgressTerminal.Size?
    private var isFinished = false

    package init(terminal: ProgressTerminal) {
        self.terminal = terminal
        pen = TerminalPen(
            usesColour: terminal.usesColour, usesUnicode: terminal.usesUnicode, palette: terminal.palette)
    }

    package mutating func show(
        _ update: ProgressUpdate, of build: BuildProgress, at now: ContinuousClock.Instant
    ) -> String {
        switch update {
        case .finished(let step, let outcome, let elapsed, _):
            entries.append(.finished(step, outcome, elapsed: elapsed))
        case .warning(let warning):
            entries.append(.warning(warning))
        default: break
        }
        return ""
    }

    package mutating func refresh(_ build: BuildProgress, at now: ContinuousClock.Instant) -> String {
        guard !isFinished, build.startedAt != nil else { return "" }
        let size = terminal.size()
        let rows = TerminalFrame(build: build, now: now, size: size, pen: pen).rows
        guard !entries.isEmpty || rows != drawn || size != drawnSize else { return "" }
        let isFirst = drawnSize == nil
        return (isFirst ? "\u{1B}[?25l" : "") + redraw(rows, size)
    }

    package mutating func finish(_ build: BuildProgress, at now: ContinuousClock.Instant) -> String {
        guard !isFinished, build.startedAt != nil else { return "" }
        isFinished = true
        let size = terminal.size()
        for running in build.running {
            entries.append(.finished(running.step, .cancelled, elapsed: running.startedAt.duration(to: now)))
        }
        let wasHidden = drawnSize != nil
        let header = TerminalFrame(build: build, now: now, size: size, pen: pen).lastHeader
        return redraw([header], size) + (wasHidden ? Self.restoringSequence : "")
            + (build.summary?.table ?? "").replacing("\n", with: "\r\n")
    }

    /// Replaces the block by the entries that wait and by new rows, with the cursor beneath.
    private mutating func redraw(_ rows: [TerminalRow], _ size: ProgressTerminal.Size) -> String {
        // Without wrapping, a character that the terminal draws wider than foreseen cannot break the block.
        var text = "\u{1B}[?7l\r"
        let height = drawnHeight(size)
        if height > 0 { text += "\u{1B}[\(height)A" }
        for row in entries.map({ self.row($0, size) }) + rows { text += row.text + "\u{1B}[K\r\n" }
        text += "\u{1B}[J\u{1B}[?7h"
        entries.removeAll()
        drawn = rows
        drawnSize = size
        return text
    }

    /// How many lines the block takes now: a terminal that became narrower has wrapped what was drawn before.
    private func drawnHeight(_ size: ProgressTerminal.Size) -> Int {
        let height = drawn.reduce(0) { $0 + max(1, ($1.columns + size.columns - 1) / max(1, size.columns)) }
        return min(height, max(0, size.rows - 1))
    }

    private func row(_ entry: Entry, _ size: ProgressTerminal.Size) -> TerminalRow {
        let width = size.columns - 1
        switch entry {
        case .warning(let warning):
            return pen.row("!", .warning, "WARNING: " + warning.sentence, right: "", columns: width)
        case .finished(let step, let outcome, let elapsed):
            let time = HumanFormat.duration(elapsed)
            switch outcome {
            case .done: return pen.row(pen.done, .done, step.label, right: time, columns: width)
            case .cached: return pen.row(pen.done, .cached, "CACHED " + step.label, right: "", columns: width)
            case .failed: return pen.row(pen.failed, .failed, "ERROR " + step.label, right: time, columns: width)
            case .cancelled: return pen.row("-", .cancelled, "CANCELED " + step.label, right: time, columns: width)
            }
        }
    }
}
