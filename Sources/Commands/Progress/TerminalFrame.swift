// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build

/// The block of running steps at one moment, laid out for a terminal's size.
struct TerminalFrame {
    let build: BuildProgress
    let now: ContinuousClock.Instant
    let size: ProgressTerminal.Size
    let pen: TerminalPen

    /// The header and, as far as there is room, a line for each running step and one beneath for what it does.
    var rows: [TerminalRow] {
        // The last line of the terminal stays free for the cursor.
        let room = size.rows - 2
        let running = build.running
        let header = header(ending: "")
        guard room > 0, !running.isEmpty else { return [header] }
        let shown = running.count <= room ? running : Array(running.prefix(room - 1))
        // Steps come first; details share what room is left.
        var detailRoom = running.count <= room ? room - running.count : 0
        var rows = [header]
        for step in shown {
            rows.append(
                pen.row(
                    pen.running, .running, step.step.label,
                    right: HumanFormat.duration(step.startedAt.duration(to: now)),
                    columns: width))
            if detailRoom > 0, let detail = detail(step) {
                rows.append(detail)
                detailRoom -= 1
            }
        }
        if shown.count < running.count {
            rows.append(pen.dim("\(pen.ellipsis) and \(running.count - shown.count) more", columns: width))
        }
        return rows
    }

    /// The header that remains when the build is over.
    var lastHeader: TerminalRow {
        header(ending: build.summary != nil ? " FINISHED" : build.failures.isEmpty ? "" : " FAILED")
    }

    /// The last column stays free: after a character in it terminals differ in where the cursor is.
    private var width: Int { size.columns - 1 }

    private func header(ending: String) -> TerminalRow {
        let elapsed = HumanFormat.duration(build.startedAt.map { $0.duration(to: now) } ?? .zero)
        // A step that has to be done again ends twice.
        let count = build.stepCount.map { " (\(min(build.finishedCount, $0))/\($0))" } ?? ""
        return pen.row("[+] Building \(elapsed)\(count)\(ending)", columns: width)
    }

    private func detail(_ step: BuildProgress.RunningStep) -> TerminalRow? {
        if let transfer = step.transfer {
            let bar = transfer.fraction.map { pen.bar($0, columns: min(30, width / 3)) + " " } ?? ""
            return pen.dim("   " + bar + transfer.description, columns: width)
        }
        if let silence = step.silence { return pen.dim("   \(pen.margin) \(silence.summary)", columns: width) }
        return step.currentLine.map { pen.dim("   \(pen.margin) \($0)", columns: width) }
    }
}
