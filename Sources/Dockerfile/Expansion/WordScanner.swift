// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// One walk over one word.
struct WordScanner {
    private let scalars: Scalars
    private var index = 0
    private let expander: Expander
    private let variables: Variables
    private var keepsEscapes: Bool
    private var depth = 0
    var usage = VariableUsage()
    /// Values that hold each other double with every line; no argument of a program may have a tenth of this.
    private let longest: Int

    /// Nesting of `${a:-${b:-…}}` costs stack, so it has an end; nobody writes a tenth of it.
    private static let deepest = 100

    init(_ word: String, expander: Expander, variables: Variables) {
        scalars = Scalars(word.unicodeScalars)
        self.expander = expander
        self.variables = variables
        keepsEscapes = expander.keepsEscapes
        longest = (1 << 20) + 4 * scalars.count
    }

    mutating func all() throws(DockerfileError) -> (text: String, words: [String]) {
        var words: WordCollector? = WordCollector()
        let text = try text(until: nil, words: &words)
        return (String(text), words?.finished() ?? [])
    }

    private var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func checkLength(of text: Scalars) throws(DockerfileError) {
        guard text.count <= longest else {
            usage.expandedLength = text.count
            throw DockerfileError("the text becomes too long when its variables are replaced")
        }
    }

    private mutating func take() -> Unicode.Scalar? {
        guard index < scalars.count else { return nil }
        defer { index += 1 }
        return scalars[index]
    }

    /// The part of a `${…}` up to `stop`, which is consumed.
    private mutating func operand(
        until stop: Unicode.Scalar, keepingEscapes: Bool
    ) throws(DockerfileError) -> Scalars {
        guard depth < Self.deepest else { throw DockerfileError("substitutions are nested too deeply") }
        depth += 1
        let saved = keepsEscapes
        keepsEscapes = keepingEscapes
        defer {
            depth -= 1
            keepsEscapes = saved
        }
        var words: WordCollector?
        return try text(until: stop, words: &words)
    }

    private mutating func text(
        until stop: Unicode.Scalar?, words: inout WordCollector?
    ) throws(DockerfileError) -> Scalars {
        var result = Scalars()
        while let scalar = peek {
            if scalar == stop {
                index += 1
                return result
            }
            switch scalar {
            case "$":
                let value = try dollar()
                result += value
                words?.add(value)
            case "'" where expander.quotes != .literal:
                let value = try singleQuoted()
                result += value
                words?.addRaw(value)
            case "\"" where expander.quotes != .literal:
                let value = try doubleQuoted()
                result += value
                words?.addRaw(value)
            case "<" where expander.quotes != .literal:
                let value = heredocMark()
                result += value
                words?.addRaw(value)
            case expander.escape:
                index += 1
                if keepsEscapes {
                    result.append(scalar)
                    words?.addRaw([scalar])
                }
                if let next = take() {
                    result.append(next)
                    words?.addRaw([next])
                }
            default:
                index += 1
                result.append(scalar)
                words?.add([scalar])
            }
            try checkLength(of: result)
        }
        if let stop {
            throw DockerfileError("unexpected end of statement while looking for matching \(stop)")
        }
        return result
    }

    /// `<<` takes the blanks after it along, so that `<< EOF` is one word.
    private mutating func heredocMark() -> Scalars {
        var value: Scalars = ["<"]
        index += 1
        guard peek == "<" else { return value }
        repeat {
            value.append(scalars[index])
            index += 1
        } while peek == " " || peek == "\t" || peek == "\r"
        return value
    }

    private mutating func singleQuoted() throws(DockerfileError) -> Scalars {
        index += 1
        guard let end = scalars[index...].firstIndex(of: "'") else {
            index = scalars.count
            throw DockerfileError("unexpected end of statement while looking for matching single-quote")
        }
        defer { index = end + 1 }
        return Scalars(expander.quotes == .kept ? scalars[(index - 1)...end] : scalars[index..<end])
    }

    private mutating func doubleQuoted() throws(DockerfileError) -> Scalars {
        var result = Scalars()
        let keepsQuotes = expander.quotes == .kept
        index += 1
        if keepsQuotes { result.append("\"") }
        while let scalar = peek {
            if scalar == "$" {
                result += try dollar()
                try checkLength(of: result)
                continue
            }
            index += 1
            if scalar == "\"" {
                if keepsQuotes { result.append(scalar) }
                return result
            }
            guard scalar == expander.escape else {
                result.append(scalar)
                continue
            }
            // Inside double quotes the escape means something before these only, and nothing at the end.
            if keepsEscapes { result.append(scalar) }
            guard let next = peek else { continue }
            if next == "\"" || next == "$" || next == expander.escape {
                result.append(next)
                index += 1
            } else {
                result.append(scalar)
            }
        }
        throw DockerfileError("unexpected end of statement while looking for matching double-quote")
    }

    /// A name: letters, digits and `_`; or only digits; or one special character.
    private mutating func name() -> String {
        let start = index
        if let first = peek {
            if first.properties.numericType == .decimal {
                while let scalar = peek, scalar.properties.numericType == .decimal { index += 1 }
                return String(scalars[start..<index])
            }
            if ["@", "*", "#", "?", "-", "$", "!", "0"].contains(first) {
                index += 1
                return String(first)
            }
        }
        while let scalar = peek, Self.isNameScalar(scalar) { index += 1 }
        return String(scalars[start..<index])
    }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 { return scalar.isASCIILetter || scalar.isASCIIDigit || scalar == "_" }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber:
            return true
        default:
            return false
        }
    }

    private mutating func value(of name: String) -> String? {
        let value = variables[name]
        if value == nil { usage.unmet.insert(name) } else { usage.met.insert(name) }
        return value
    }

    private mutating func dollar() throws(DockerfileError) -> Scalars {
        index += 1
        guard peek == "{" else {
            let name = name()
            if name.isEmpty { return ["$"] }
            let value = value(of: name)
            if value == nil, expander.keepsUnset { return Scalars("$\(name)".unicodeScalars) }
            return Scalars((value ?? "").unicodeScalars)
        }
        index += 1
        switch peek {
        case nil: throw DockerfileError("syntax error: missing '}'")
        case "{", "}", ":": throw DockerfileError("syntax error: bad substitution")
        default: break
        }
        return try substitution(of: name())
    }

    /// What stands between a name and the closing brace.
    private mutating func substitution(of name: String) throws(DockerfileError) -> Scalars {
        guard var modifier = take() else { throw DockerfileError("syntax error: missing '}'") }
        if modifier == "}" {
            let value = value(of: name)
            if value == nil, expander.keepsUnset { return Scalars("${\(name)}".unicodeScalars) }
            return Scalars((value ?? "").unicodeScalars)
        }
        if modifier == "/" { return try replacement(in: name) }

        var written = String(modifier)
        let emptyIsUnset = modifier == ":"
        if emptyIsUnset {
            guard let next = take() else { throw DockerfileError("syntax error: missing '}'") }
            modifier = next
            written.unicodeScalars.append(next)
        }
        let trims = modifier == "#" || modifier == "%"
        guard trims ? !emptyIsUnset : ["-", "+", "?"].contains(modifier) else {
            throw DockerfileError("unsupported modifier (\(written)) in substitution")
        }
        let word = try closedOperand(until: "}", keepingEscapes: trims, missing: "syntax error: missing '}'")
        let value = value(of: name)
        if value == nil, expander.keepsUnset {
            return Scalars("${\(name)\(written)".unicodeScalars) + word + ["}"]
        }
        let counts = value != nil && !(emptyIsUnset && value == "")
        switch modifier {
        case "-":
            return counts ? Scalars((value ?? "").unicodeScalars) : word
        case "+":
            return counts ? word : []
        case "?":
            guard counts else {
                let reason = value == nil ? "is not allowed to be unset" : "is not allowed to be empty"
                throw DockerfileError("\(name): \(word.isEmpty ? reason : String(word))")
            }
            return Scalars((value ?? "").unicodeScalars)
        default:
            let longest = word.first == modifier
            let pattern = try ShellPattern(longest ? word.dropFirst() : word[...])
            return pattern.trimming(
                Scalars((value ?? "").unicodeScalars), modifier == "#" ? .prefix : .suffix,
                longest ? .longest : .shortest)
        }
    }

    private mutating func replacement(in name: String) throws(DockerfileError) -> Scalars {
        let everywhere = peek == "/"
        if everywhere { index += 1 }
        let word = try closedOperand(
            until: "/", keepingEscapes: true, missing: "syntax error: missing '/' in ${}")
        let replacement = try closedOperand(until: "}", keepingEscapes: true, missing: "syntax error: missing '}'")
        let value = value(of: name)
        if value == nil, expander.keepsUnset {
            return Scalars("${\(name)/\(everywhere ? "/" : "")".unicodeScalars) + word + ["/"] + replacement + ["}"]
        }
        let pattern = try ShellPattern(word[...])
        return pattern.replacing(
            in: Scalars((value ?? "").unicodeScalars), with: replacement, everywhere ? .all : .first)
    }

    /// An operand; whatever went wrong at the end of the word, it is the missing `stop` that is reported.
    private mutating func closedOperand(
        until stop: Unicode.Scalar, keepingEscapes: Bool, missing: String
    ) throws(DockerfileError) -> Scalars {
        do throws(DockerfileError) {
            return try operand(until: stop, keepingEscapes: keepingEscapes)
        } catch {
            throw peek == nil ? DockerfileError(missing) : error
        }
    }
}

/// Collects the words of a text while it is expanded: blanks part them unless they were quoted.
struct WordCollector {
    private var words: [String] = []
    private var word = String.UnicodeScalarView()
    private var inWord = false

    mutating func add(_ scalars: Scalars) {
        for scalar in scalars {
            if !scalar.isSpace {
                word.append(scalar)
                inWord = true
            } else if inWord, !word.isEmpty {
                words.append(String(word))
                word = String.UnicodeScalarView()
                inWord = false
            }
        }
    }

    mutating func addRaw(_ scalars: Scalars) {
        word.append(contentsOf: scalars)
        inWord = true
    }

    func finished() -> [String] { word.isEmpty ? words : words + [String(word)] }
}
