// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// How many columns of a terminal a text takes.
///
/// Where terminals differ (emoji made of several scalars) the answer is the larger, so that a line that is said to fit
/// does fit.
package enum DisplayWidth {
    /// The columns that a text takes.
    package static func columns(_ text: String) -> Int {
        var count = 0
        for character in text { count += columns(character) }
        return count
    }

    /// The columns that a character takes at most.
    package static func columns(_ character: Character) -> Int {
        if let ascii = character.asciiValue { return ascii >= 0x20 && ascii != 0x7F ? 1 : 0 }
        var count = 0
        for scalar in character.unicodeScalars {
            // U+FE0F asks for the emoji picture of a character that else is a narrow sign.
            count += scalar == "\u{FE0F}" ? (count == 1 ? 1 : 0) : columns(scalar)
        }
        return count
    }

    /// The text cut at a number of columns, with a mark at its end when something was cut.
    package static func fit(_ text: String, columns limit: Int, mark: String = "…") -> String {
        guard limit > 0 else { return "" }
        var width = 0
        var fitting = text.startIndex
        let room = limit - columns(mark)
        var index = text.startIndex
        while index < text.endIndex {
            width += columns(text[index])
            guard width <= limit else {
                return room >= 0 ? text[..<fitting] + mark : String(text[..<fitting])
            }
            text.formIndex(after: &index)
            if width <= max(0, room) { fitting = index }
        }
        return text
    }

    private static func columns(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0xAD: return 0
        case 0x20..<0x300: return 1
        default: break
        }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control, .lineSeparator, .paragraphSeparator: return 0
        default: break
        }
        if properties.isDefaultIgnorableCodePoint { return 0 }
        return properties.isEmojiPresentation || isWide(scalar.value) ? 2 : 1
    }

    /// The blocks that Unicode's EastAsianWidth.txt has as Wide or Fullwidth.
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97C,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
            0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1D300...0x1D376, 0x1F000...0x1F02F, 0x1F0CF, 0x1F18E,
            0x1F191...0x1F19A, 0x1F200...0x1F2FF, 0x1F300...0x1F6FF, 0x1F7E0...0x1F7F0, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
