// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// How the rest of an instruction falls into words; each instruction has its own way.
enum Words {
    /// Keyword, flags and the rest of a joined line.
    static func command(_ line: String) -> (keyword: String, flags: [String], rest: String) {
        let scalars = Scalars(line.trimmed.unicodeScalars)
        let end = scalars.firstIndex(where: \.isBlank) ?? scalars.count
        var start = end
        while start < scalars.count, scalars[start].isBlank { start += 1 }
        let (flags, rest) = flags(scalars[start...])
        return (String(scalars[..<end]), flags, String(String(rest).trimmed))
    }

    /// Peels `--flag` words off the front; quotes and backslashes in them are resolved, `--` ends them.
    private static func flags(_ line: ArraySlice<Unicode.Scalar>) -> (flags: [String], rest: ArraySlice<Unicode.Scalar>)
    {
        var flags: [String] = []
        var index = line.startIndex
        while true {
            while index < line.endIndex, line[index].isSpace { index += 1 }
            guard index + 1 < line.endIndex, line[index] == "-", line[index + 1] == "-" else {
                return (flags, line[index...])
            }
            var word = String.UnicodeScalarView()
            var quote: Unicode.Scalar?
            while index < line.endIndex {
                let scalar = line[index]
                if quote == nil, scalar.isSpace { break }
                index += 1
                if scalar == quote {
                    quote = nil
                } else if quote == nil, scalar == "'" || scalar == "\"" {
                    quote = scalar
                } else if scalar == "\\" {
                    // A backslash at the very end disappears.
                    guard index < line.endIndex else { break }
                    word.append(line[index])
                    index += 1
                } else {
                    word.append(scalar)
                }
            }
            let flag = String(word)
            if flag == "--" { return (flags, line[index...]) }
            flags.append(flag)
        }
    }

    /// Words parted by blanks, nothing else being special.
    static func plain(_ rest: String) -> [String] {
        rest.unicodeScalars.split(whereSeparator: \.isBlank).map { String($0) }
    }

    /// Words parted by white space, where quotes and escapes hold a word together and stay in it.
    static func quoted(_ rest: String, escape: Unicode.Scalar) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var inWord = false
        var quote: Unicode.Scalar?
        let scalars = Scalars(rest.unicodeScalars)
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            if quote == nil, scalar.isSpace {
                if inWord, !word.isEmpty { words.append(String(word)) }
                word = String.UnicodeScalarView()
                inWord = false
                continue
            }
            inWord = true
            if scalar == escape, quote != "'" {
                // An escape at the very end disappears.
                guard index < scalars.count else { break }
                word.append(scalar)
                word.append(scalars[index])
                index += 1
                continue
            }
            if let open = quote {
                if scalar == open { quote = nil }
            } else if scalar == "'" || scalar == "\"" {
                quote = scalar
            }
            word.append(scalar)
        }
        if inWord, !word.isEmpty { words.append(String(word)) }
        return words
    }
}
