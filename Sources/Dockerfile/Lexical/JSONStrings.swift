// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A JSON array of strings: the exec form of an instruction.
enum JSONStrings {
    /// What a text is when read as JSON.
    enum Reading: Equatable {
        case strings([String])
        /// A JSON array with something else than strings in it.
        case otherArray
        /// Not JSON, or not an array.
        case notJSON
    }

    /// Reads a whole text; never fails, since text that is not JSON is an ordinary shell command.
    static func read(_ text: some StringProtocol) -> Reading {
        let bytes = Array(text.trimmedLeft.utf8)
        guard bytes.first == UInt8(ascii: "[") else { return .notJSON }
        var scanner = Scanner(bytes: bytes)
        return scanner.array() ?? .notJSON
    }

    /// Walks JSON without recursion, so that depth costs no stack.
    private struct Scanner {
        let bytes: [UInt8]
        var index = 0
        /// Go's decoder gives up at this depth, and then the text is no JSON.
        static let maximalDepth = 10_000

        mutating func array() -> Reading? {
            // true: array, false: object.
            var open: [Bool] = []
            var strings: [String] = []
            var onlyStrings = true
            var expectsValue = true
            // After "[" or "{" the closing bracket may follow at once.
            var mayClose = false

            repeat {
                skipBlanks()
                guard let byte = peek else { return nil }
                if expectsValue {
                    if mayClose, byte == UInt8(ascii: "]"), open.last == true {
                        index += 1
                        open.removeLast()
                        (expectsValue, mayClose) = (false, false)
                        continue
                    }
                    mayClose = false
                    switch byte {
                    case UInt8(ascii: "["), UInt8(ascii: "{"):
                        guard open.count < Self.maximalDepth else { return nil }
                        if !open.isEmpty { onlyStrings = false }
                        index += 1
                        open.append(byte == UInt8(ascii: "["))
                        if byte == UInt8(ascii: "{") {
                            skipBlanks()
                            if peek == UInt8(ascii: "}") {
                                index += 1
                                open.removeLast()
                                expectsValue = false
                            } else if !key() {
                                return nil
                            }
                        } else {
                            mayClose = true
                        }
                    case UInt8(ascii: "\""):
                        guard let value = string() else { return nil }
                        if open.count == 1 { strings.append(value) }
                        expectsValue = false
                    default:
                        guard scalarValue() else { return nil }
                        onlyStrings = false
                        expectsValue = false
                    }
                } else if byte == UInt8(ascii: ",") {
                    index += 1
                    expectsValue = true
                    if open.last == false, !key() { return nil }
                } else if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") {
                    guard open.popLast() == (byte == UInt8(ascii: "]")) else { return nil }
                    index += 1
                } else {
                    return nil
                }
            } while !open.isEmpty
            skipBlanks()
            guard index == bytes.count else { return nil }
            return onlyStrings ? .strings(strings) : .otherArray
        }

        var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func skipBlanks() {
            while let byte = peek, byte == 0x20 || byte == 9 || byte == 10 || byte == 13 { index += 1 }
        }

        /// An object's key and its colon.
        mutating func key() -> Bool {
            skipBlanks()
            guard peek == UInt8(ascii: "\""), string() != nil else { return false }
            skipBlanks()
            guard peek == UInt8(ascii: ":") else { return false }
            index += 1
            return true
        }

        /// `true`, `false`, `null` or a number.
        mutating func scalarValue() -> Bool {
            for word in ["true", "false", "null"] where bytes[index...].starts(with: word.utf8) {
                index += word.utf8.count
                return true
            }
            if peek == UInt8(ascii: "-") { index += 1 }
            if peek == UInt8(ascii: "0") {
                index += 1
            } else if digits() == 0 {
                return false
            }
            if peek == UInt8(ascii: ".") {
                index += 1
                if digits() == 0 { return false }
            }
            if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
                index += 1
                if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { index += 1 }
                if digits() == 0 { return false }
            }
            return true
        }

        mutating func digits() -> Int {
            let start = index
            while let byte = peek, (0x30...0x39).contains(byte) { index += 1 }
            return index - start
        }

        mutating func string() -> String? {
            index += 1
            var output: [UInt8] = []
            while let byte = peek {
                index += 1
                switch byte {
                case UInt8(ascii: "\""):
                    return String(decoding: output, as: UTF8.self)
                case 0..<0x20:
                    return nil
                case UInt8(ascii: "\\"):
                    guard let escaped = peek else { return nil }
                    index += 1
                    switch escaped {
                    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(escaped)
                    case UInt8(ascii: "b"): output.append(8)
                    case UInt8(ascii: "f"): output.append(12)
                    case UInt8(ascii: "n"): output.append(10)
                    case UInt8(ascii: "r"): output.append(13)
                    case UInt8(ascii: "t"): output.append(9)
                    case UInt8(ascii: "u"):
                        guard let scalar = unicodeEscape() else { return nil }
                        output.append(contentsOf: String(Character(scalar)).utf8)
                    default: return nil
                    }
                default:
                    output.append(byte)
                }
            }
            return nil
        }

        /// After `\u`; half a surrogate pair becomes U+FFFD, as in Go.
        mutating func unicodeEscape() -> Unicode.Scalar? {
            guard let first = fourHexDigits() else { return nil }
            if let scalar = Unicode.Scalar(first) { return scalar }
            let start = index
            if (0xD800..<0xDC00).contains(first), bytes[index...].starts(with: "\\u".utf8) {
                index += 2
                guard let second = fourHexDigits() else { return nil }
                if (0xDC00..<0xE000).contains(second) {
                    let value = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                    return Unicode.Scalar(value) ?? "\u{FFFD}"
                }
                index = start
            }
            return "\u{FFFD}"
        }

        mutating func fourHexDigits() -> UInt32? {
            guard index + 4 <= bytes.count else { return nil }
            var value: UInt32 = 0
            for byte in bytes[index..<index + 4] {
                guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
                value = value << 4 | UInt32(digit)
            }
            index += 4
            return value
        }
    }
}
