// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Sandbox

extension StepSilence {
    /// What there is to say of it, line by line: how long, which processes there are, what to think of it.
    ///
    ///     nothing printed for 1m00s; 59.2s of processor time used since then:
    ///       7 S   0.0s make -j4
    ///      12 R  59.2s   cc1plus -quiet a.cc
    package var lines: [String] {
        let shown = processes.processes.prefix(Self.longestList)
        let columns = shown.map { ["\($0.id)", HumanFormat.duration($0.processorTime)] }
        let widths = (0..<2).map { column in columns.map { $0[column].count }.max() ?? 0 }
        var lines = [
            "nothing printed for \(HumanFormat.duration(duration)); \(HumanFormat.duration(used)) of processor time used since then:"
        ]
        for (process, texts) in zip(shown, columns) {
            let cells = zip(texts, widths).map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }
            let indent = String(repeating: "  ", count: min(process.depth, 20))
            let command = SafeText.singleLine(process.command, limit: Self.longestCommand)
            lines.append("  \(cells[0]) \(process.state) \(cells[1]) \(indent)\(command)")
        }
        let rest = processes.processes.count - shown.count
        if rest > 0 { lines.append("  and \(rest) more") }
        if let hint { lines.append(hint) }
        return lines
    }

    /// The same in one short line: the process that has worked the most, or that none does.
    package var summary: String {
        let busiest = processes.processes.max { $0.processorTime < $1.processorTime }
        let command = busiest.map { " " + SafeText.singleLine($0.command, limit: 80) } ?? ""
        let state = hint == nil ? "" : ", no process at work: it may hang"
        return "silent for \(HumanFormat.duration(duration))\(state):\(command)"
    }

    private static let longestList = 20
    private static let longestCommand = 120
}
