// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Commands

/// A terminal's screen with what has scrolled off it: obeys the few sequences that the live view uses, notes all others.
struct ScreenEmulator {
    private(set) var columns: Int
    private(set) var height: Int
    private(set) var isCursorVisible = true
    private(set) var wraps = true
    /// Sequences that a terminal may not know, and lines that ran over the right margin.
    private(set) var complaints: [String] = []

    private var rows: [[Character?]] = [[]]
    private var row = 0
    private var column = 0

    init(columns: Int, height: Int) {
        self.columns = columns
        self.height = height
    }

    /// Everything that was shown, scrolled off or not, without the blank end of lines and of the whole.
    var text: [String] {
        var lines = rows.map { row -> String in
            var line = String(row.compactMap { $0 })
            while line.last == " " { line.removeLast() }
            return line
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    var cursor: (row: Int, column: Int) { (row, column) }

    private var top: Int { max(0, rows.count - height) }

    mutating func feed(_ text: String) {
        var characters = Array(text.unicodeScalars)[...]
        var printable = ""
        while let scalar = characters.popFirst() {
            if scalar.value >= 0x20 {
                printable.unicodeScalars.append(scalar)
                continue
            }
            for character in printable { put(character) }
            printable = ""
            switch scalar {
            case "\r": column = 0
            case "\n": lineFeed()
            case "\u{1B}": command(&characters)
            default: complaints.append("control \(scalar.value)")
            }
        }
        for character in printable { put(character) }
    }

    /// Changes the size as terminals do that wrap long lines anew.
    mutating func resize(columns: Int, height: Int) {
        var wrapped: [[Character?]] = []
        var newRow = 0
        for (index, line) in rows.enumerated() {
            if index == row { newRow = wrapped.count }
            var line = line
            while let last = line.last, last == nil || last == " " { line.removeLast() }
            repeat {
                wrapped.append(Array(line.prefix(columns)))
                line.removeFirst(min(columns, line.count))
            } while !line.isEmpty
        }
        rows = wrapped
        row = newRow
        self.columns = columns
        self.height = height
    }

    private mutating func put(_ character: Character) {
        let width = DisplayWidth.columns(character)
        guard width > 0 else { return }
        if column + width > columns {
            complaints.append("ran over the margin with \(character)")
            guard wraps else { return }
            column = 0
            lineFeed()
        }
        while rows[row].count < column + width { rows[row].append(" ") }
        rows[row][column] = character
        for offset in 1..<max(1, width) where width > 1 { rows[row][column + offset] = nil }
        column += width
    }

    private mutating func lineFeed() {
        row += 1
        if row == rows.count { rows.append([]) }
    }

    private mutating func command(_ characters: inout ArraySlice<Unicode.Scalar>) {
        var sequence = ""
        while let scalar = characters.popFirst() {
            sequence.unicodeScalars.append(scalar)
            if sequence.count > 1, (0x40...0x7E).contains(scalar.value) { break }
        }
        switch sequence {
        case "[K": rows[row] = Array(rows[row].prefix(column))
        case "[J":
            rows[row] = Array(rows[row].prefix(column))
            for index in rows.indices where index > row { rows[index] = [] }
        case "[?25l": isCursorVisible = false
        case "[?25h": isCursorVisible = true
        case "[?7l": wraps = false
        case "[?7h": wraps = true
        default:
            if sequence.hasSuffix("A"), let count = Int(sequence.dropFirst().dropLast()), count > 0 {
                row = max(top, row - count)
            } else if !sequence.hasSuffix("m") {
                complaints.append("sequence \(sequence)")
            }
        }
    }
}
