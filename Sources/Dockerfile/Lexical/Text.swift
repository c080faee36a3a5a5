// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

// Dockerfiles are lexed by Unicode scalars, never by Characters: "\r\n" is one Character and would hide its "\n".

typealias Scalars = [Unicode.Scalar]

extension Unicode.Scalar {
    /// Go's `unicode.IsSpace`.
    var isSpace: Bool { value < 0x80 ? value == 0x20 || (9...13).contains(value) : properties.isWhitespace }

    /// The blanks between the words of an instruction: all of ASCII's but the line feed.
    var isBlank: Bool { value == 0x20 || value == 9 || (11...13).contains(value) }

    var isASCIILetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
    var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

extension String {
    init(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}

extension StringProtocol {
    /// Without white space at both ends (Go's `strings.TrimSpace`).
    var trimmed: Substring { trimmedLeft.trimmedRight }

    var trimmedLeft: Substring {
        var view = Substring(self).unicodeScalars
        while let first = view.first, first.isSpace { view.removeFirst() }
        return Substring(view)
    }

    var trimmedRight: Substring {
        var view = Substring(self).unicodeScalars
        while let last = view.last, last.isSpace { view.removeLast() }
        return Substring(view)
    }

    /// Without the line ending.
    var withoutLineEnding: Substring {
        var view = Substring(self).unicodeScalars
        while let last = view.last, last == "\n" || last == "\r" { view.removeLast() }
        return Substring(view)
    }

    /// The text at both sides of the first `separator`; nil for the second when there is none.
    func cut(at separator: Unicode.Scalar) -> (before: Substring, after: Substring?) {
        let view = Substring(self).unicodeScalars
        guard let index = view.firstIndex(of: separator) else { return (Substring(view), nil) }
        return (Substring(view[..<index]), Substring(view[view.index(after: index)...]))
    }

    /// Whether the bytes of `other` stand at the beginning.
    func startsWith(_ other: some StringProtocol) -> Bool { utf8.starts(with: other.utf8) }
}
