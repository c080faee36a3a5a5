// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// One line as it is drawn.
struct TerminalRow: Sendable, Hashable {
    /// The text with its colours.
    let text: String
    /// The columns that it takes.
    let columns: Int
}

/// Writes lines in the signs and colours that a terminal has.
struct TerminalPen: Sendable {
    let usesColour: Bool
    let usesUnicode: Bool
    var palette = TerminalPalette.usual

    var done: String { usesUnicode ? "✔" : "+" }
    var failed: String { usesUnicode ? "✘" : "x" }
    var running: String { "=>" }
    var ellipsis: String { usesUnicode ? "…" : "..." }
    var margin: String { usesUnicode ? "│" : "|" }

    /// A line of its own.
    func row(_ text: String, columns: Int) -> TerminalRow {
        let text = fit(text, columns: columns)
        return TerminalRow(text: text, columns: DisplayWidth.columns(text))
    }

    /// A coloured sign, a text, and something at the right margin that gives way where there is no room.
    func row(
        _ sign: String, _ colour: TerminalPalette.Meaning, _ text: String, right: String, columns: Int
    ) -> TerminalRow {
        let start = " " + sign + " "
        let room = columns - DisplayWidth.columns(start)
        guard room > 0 else { return row(start, columns: columns) }
        let hasRight = !right.isEmpty && room >= right.count + 10
        let left = fit(text, columns: hasRight ? room - right.count - 1 : room)
        let used = DisplayWidth.columns(left)
        let end = hasRight ? String(repeating: " ", count: room - used - right.count) + right : ""
        return TerminalRow(text: paint(start, colour) + left + end, columns: columns - room + used + end.count)
    }

    /// A line that stands back.
    func dim(_ text: String, columns: Int) -> TerminalRow {
        let text = fit(text, columns: columns)
        return TerminalRow(text: paint(text, .aside), columns: DisplayWidth.columns(text))
    }

    /// A bar that is filled to a fraction.
    func bar(_ fraction: Double, columns: Int) -> String {
        let inner = max(1, columns - 2)
        let filled = min(inner, max(0, Int(fraction * Double(inner))))
        let (full, empty) = usesUnicode ? ("━", "─") : ("=", " ")
        return "[" + String(repeating: full, count: filled) + String(repeating: empty, count: inner - filled) + "]"
    }

    private func paint(_ text: String, _ colour: TerminalPalette.Meaning) -> String {
        usesColour ? palette.paint(text, colour) : text
    }

    private func fit(_ text: String, columns: Int) -> String {
        // A tab's width depends on where it stands, which nobody knows before the line is drawn.
        var text = String(text.flatMap { $0 == "\t" ? "    " : String($0) })
        if !usesUnicode { text = String(text.map { $0.isASCII ? $0 : "?" }) }
        return DisplayWidth.fit(text, columns: columns, mark: ellipsis)
    }
}
