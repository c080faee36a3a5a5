// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Makes text from outside harmless on a terminal and in a log.
package enum SafeText {
    /// The text on one line: runs of white space become one space, control characters go, a long text is cut.
    package static func singleLine(_ text: String, limit: Int = 1000) -> String {
        var result = String.UnicodeScalarView()
        var count = 0
        var isSpacePending = false
        for scalar in text.unicodeScalars {
            if scalar == " " || ("\t"..."\r").contains(scalar) || scalar == "\u{85}" {
                isSpacePending = count > 0
                continue
            }
            guard isHarmless(scalar) else { continue }
            if count >= limit {
                result.append("…")
                break
            }
            if isSpacePending { result.append(" ") }
            result.append(scalar)
            count += isSpacePending ? 2 : 1
            isSpacePending = false
        }
        return String(result)
    }

    /// A line without control characters; tabs stay.
    package static func line(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { !isHarmless($0) && $0 != "\t" }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where isHarmless(scalar) || scalar == "\t" { result.append(scalar) }
        return String(result)
    }

    /// Each line of a text, made harmless; the last is left out when it is empty.
    package static func lines(_ text: String) -> [String] {
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line(String($0)) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// Whether a scalar neither commands a terminal nor turns the order of what is beside it.
    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: false
        case 0x2028...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
}
