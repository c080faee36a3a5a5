// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// TOML 1.0, as far as `registries.conf` and its kin use it: tables, lists of tables, strings, booleans, numbers, lists.
///
/// Numbers and dates are kept as their text.
enum TOML: Hashable, Sendable {
    case string(String)
    case bool(Bool)
    case scalar(String)
    case array([TOML])
    case table([String: TOML])

    /// What is wrong with a text, and where.
    struct Failure: Error, Hashable, CustomStringConvertible {
        var line: Int
        var reason: String

        var description: String { "line \(line): \(reason)" }
    }

    /// Parses a document into its top table.
    static func parse(_ text: String) throws(Failure) -> [String: TOML] {
        var parser = TOMLParser(text)
        return try parser.document()
    }

    subscript(name: String) -> TOML? {
        guard case .table(let members) = self else { return nil }
        return members[name]
    }

    var string: String? {
        guard case .string(let string) = self else { return nil }
        return string
    }

    var bool: Bool? {
        guard case .bool(let bool) = self else { return nil }
        return bool
    }

    var array: [TOML]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    /// Puts a value at the end of a path of tables; the last table of a list stands for the list.
    fileprivate mutating func insert(_ value: TOML, at path: ArraySlice<String>, isListItem: Bool) -> Bool {
        guard let name = path.first else { return false }
        switch self {
        case .array(var values):
            guard !values.isEmpty, values[values.count - 1].insert(value, at: path, isListItem: isListItem) else {
                return false
            }
            self = .array(values)
        case .table(var members):
            // Taken out while it is changed, so that it is not copied.
            var member = members.removeValue(forKey: name)
            if path.count > 1 {
                var next = member ?? .table([:])
                guard next.insert(value, at: path.dropFirst(), isListItem: isListItem) else { return false }
                member = next
            } else if isListItem {
                guard var values = (member ?? .array([])).array else { return false }
                values.append(value)
                member = .array(values)
            } else if case .table([:]) = value, case .table? = member {
                // A header of a table that is there already, because one inside it came first.
            } else {
                guard member == nil else { return false }
                member = value
            }
            members[name] = member
            self = .table(members)
        default: return false
        }
        return true
    }
}

/// One pass over the bytes of a document.
private struct TOMLParser {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var depth = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func document() throws(TOML.Failure) -> [String: TOML] {
        var root = TOML.table([:])
        var current: [String] = []
        while true {
            skipBlank()
            guard let byte = peek else { break }
            if byte == UInt8(ascii: "[") {
                position += 1
                let isList = take(UInt8(ascii: "["))
                current = try keyPath()
                guard take(UInt8(ascii: "]")), !isList || take(UInt8(ascii: "]")) else { throw failure("no ] here") }
                guard root.insert(.table([:]), at: current[...], isListItem: isList) else {
                    throw failure("\(current.joined(separator: ".")) is something else already")
                }
            } else {
                try pair(into: &root, below: current)
            }
            skipSpace()
            skipComment()
            guard peek == nil || peek == UInt8(ascii: "\n") || peek == UInt8(ascii: "\r") else {
                throw failure("more than one thing on the line")
            }
        }
        guard case .table(let members) = root else { return [:] }
        return members
    }

    private mutating func pair(into table: inout TOML, below path: [String]) throws(TOML.Failure) {
        let key = try keyPath()
        guard take(UInt8(ascii: "=")) else { throw failure("no = after \(key.joined(separator: "."))") }
        skipSpace()
        let value = try value()
        guard table.insert(value, at: (path + key)[...], isListItem: false) else {
            throw failure("\(key.joined(separator: ".")) is there twice")
        }
    }

    private mutating func keyPath() throws(TOML.Failure) -> [String] {
        var path: [String] = []
        repeat {
            skipSpace()
            switch peek {
            case UInt8(ascii: "\"")?, UInt8(ascii: "'")?: path.append(try string())
            default:
                let start = position
                while let byte = peek, Self.isBare(byte) { position += 1 }
                guard position > start else { throw failure("no name here") }
                path.append(String(decoding: bytes[start..<position], as: UTF8.self))
            }
            skipSpace()
        } while take(UInt8(ascii: "."))
        return path
    }

    private mutating func value() throws(TOML.Failure) -> TOML {
        depth += 1
        defer { depth -= 1 }
        guard depth < 64 else { throw failure("too many brackets") }
        switch peek {
        case UInt8(ascii: "\"")?, UInt8(ascii: "'")?: return .string(try string())
        case UInt8(ascii: "[")?:
            position += 1
            var values: [TOML] = []
            while true {
                skipBlank()
                if take(UInt8(ascii: "]")) { return .array(values) }
                values.append(try value())
                skipBlank()
                guard take(UInt8(ascii: ",")) || peek == UInt8(ascii: "]") else { throw failure("no , or ] here") }
            }
        case UInt8(ascii: "{")?:
            position += 1
            var table = TOML.table([:])
            skipSpace()
            while !take(UInt8(ascii: "}")) {
                try pair(into: &table, below: [])
                skipSpace()
                guard take(UInt8(ascii: ",")) || peek == UInt8(ascii: "}") else { throw failure("no , or } here") }
                skipSpace()
            }
            return table
        default:
            let start = position
            while let byte = peek, Self.isBare(byte) || ".:+".utf8.contains(byte) { position += 1 }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            switch word {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case _ where word.first.map { $0.isNumber || $0 == "+" || $0 == "-" } == true: return .scalar(word)
            default: throw failure(word.isEmpty ? "no value here" : "\(word) is not a value; strings are quoted")
            }
        }
    }

    private mutating func string() throws(TOML.Failure) -> String {
        guard let quote = peek else { throw failure("no string here") }
        let isLong = bytes[position...].prefix(3).elementsEqual([quote, quote, quote])
        position += isLong ? 3 : 1
        if isLong, take(UInt8(ascii: "\n")) { line += 1 }
        var text: [UInt8] = []
        while let byte = peek {
            if byte == quote, !isLong || bytes[position...].prefix(3).elementsEqual([quote, quote, quote]) {
                position += isLong ? 3 : 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw failure("a string is not UTF-8")
                }
                return string
            }
            position += 1
            if byte == UInt8(ascii: "\n") {
                guard isLong else { break }
                line += 1
            }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                text += try escape()
            } else {
                text.append(byte)
            }
        }
        throw failure("a string does not end")
    }

    private mutating func escape() throws(TOML.Failure) -> [UInt8] {
        guard let byte = peek else { throw failure("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [byte]
        case UInt8(ascii: "\n"), UInt8(ascii: " "):
            position -= 1
            while let next = peek, " \t\r\n".utf8.contains(next) {
                if next == 10 { line += 1 }
                position += 1
            }
            return []
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let digits = bytes[position...].prefix(byte == UInt8(ascii: "u") ? 4 : 8)
            position += digits.count
            guard let number = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(number)
            else { throw failure("no such character") }
            return Array(String(Character(scalar)).utf8)
        default: throw failure("no such escape as \\\(Character(Unicode.Scalar(byte)))")
        }
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { position += 1 }
    }

    private mutating func skipComment() {
        guard peek == UInt8(ascii: "#") else { return }
        while let byte = peek, byte != UInt8(ascii: "\n") { position += 1 }
    }

    private mutating func skipBlank() {
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\n"):
                line += 1
                position += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
            case UInt8(ascii: "#"): skipComment()
            default: return
            }
        }
    }

    private func failure(_ reason: String) -> TOML.Failure { TOML.Failure(line: line, reason: reason) }

    private static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
