// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// One challenge of a WWW-Authenticate header: a scheme and its parameters (RFC 9110 §11.6.1).
public struct Challenge: Hashable, Sendable {
    /// The scheme in lower case, such as `bearer`.
    public var scheme: String
    /// The parameters by their lower-case names.
    public var parameters: [String: String]

    public init(scheme: String, parameters: [String: String]) {
        self.scheme = scheme
        self.parameters = parameters
    }

    /// The challenges of all WWW-Authenticate headers of an answer, in order.
    ///
    /// Reads what it can: a header that breaks off, or that holds nonsense, yields the challenges up to there.
    public static func parse(_ headers: some Sequence<String>) -> [Challenge] {
        headers.flatMap { header in
            var parser = ChallengeParser(header)
            return parser.challenges()
        }
    }
}

/// A reader of one header value. A token followed by `=` is a parameter, any other token starts a new challenge.
private struct ChallengeParser {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func challenges() -> [Challenge] {
        var list: [Challenge] = []
        while true {
            skip { $0 == UInt8(ascii: ",") || Self.isSpace($0) }
            guard let word = token() else { return list }
            skip(Self.isSpace)
            guard peek == UInt8(ascii: "="), !list.isEmpty else {
                list.append(Challenge(scheme: word.lowercased(), parameters: [:]))
                continue
            }
            position += 1
            skip(Self.isSpace)
            if peek == UInt8(ascii: "=") {
                // The padding of a token68, which no registry uses.
                skip { $0 == UInt8(ascii: "=") }
                continue
            }
            guard let value = peek == UInt8(ascii: "\"") ? quotedString() : token() else { return list }
            list[list.count - 1].parameters[word.lowercased()] = value
        }
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
        while let byte = peek, isSkipped(byte) { position += 1 }
    }

    private mutating func token() -> String? {
        let start = position
        skip { !Self.isSpace($0) && !",=\"".utf8.contains($0) }
        return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
    }

    private mutating func quotedString() -> String? {
        position += 1
        var text: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = peek else { return nil }
                text.append(escaped)
                position += 1
            default: text.append(byte)
            }
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
