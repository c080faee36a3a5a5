// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Columns of text for people, as wide as what is in them.
struct TextTable {
    private var rows: [[String]]

    init(_ titles: String...) { rows = [titles] }

    mutating func add(_ cells: String...) { rows.append(cells.map { SafeText.singleLine($0) }) }

    /// The lines, each with its line break.
    var text: String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                let width = DisplayWidth.columns(cell)
                if column < widths.count { widths[column] = max(widths[column], width) } else { widths.append(width) }
            }
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                guard column < row.count - 1 else { break }
                line += String(repeating: " ", count: widths[column] - DisplayWidth.columns(cell) + 3)
            }
            return line + "\n"
        }.joined()
    }
}
