// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A value of a YAML document, with the line where it begins.
public struct YAMLNode: Sendable {
    /// What it is.
    public let value: Value
    /// The line, counted from 1.
    public let line: Int
    /// How many nodes it has, itself and what aliases stand for among them.
    let weight: Int

    /// The kinds of values.
    public enum Value: Sendable {
        /// Text as it was written, which a plain scalar of any type is, too: `1.10` stays `1.10`.
        case text(String)
        /// `null`, `~` or nothing at all.
        case null
        case list([YAMLNode])
        /// Entries in their order; no key is there twice.
        case map([Entry])
    }

    /// A key with its value.
    public struct Entry: Sendable {
        public let key: String
        /// The key's line.
        public let line: Int
        public let value: YAMLNode
    }

    init(_ value: Value, line: Int) {
        self.value = value
        self.line = line
        weight =
            switch value {
            case .text, .null: 1
            case .list(let nodes): nodes.reduce(1) { $0 + $1.weight }
            case .map(let entries): entries.reduce(1) { $0 + 1 + $1.value.weight }
            }
    }

    /// What kind of value it is, in words.
    public var kind: String {
        switch value {
        case .text: "text"
        case .null: "nothing"
        case .list: "a list"
        case .map: "keys with values"
        }
    }

    /// The documents of a YAML text (YAML 1.1), those that are empty left out.
    ///
    /// - Throws: ``YAMLError`` for what is not YAML, and for what is meant to be huge: texts over 1 MiB, values in more than
    ///   64 others, aliases that make more than 100 000 values of a few.
    public static func documents(in text: [UInt8]) throws(YAMLError) -> [YAMLNode] {
        guard text.count <= Limit.bytes else {
            throw YAMLError("there are \(text.count) bytes, and more than \(Limit.bytes) are not read")
        }
        var reader = YAMLReader(text)
        return try reader.documents()
    }

    enum Limit {
        static let bytes = 1 << 20
        static let depth = 64
        static let nodes = 100_000
    }
}

/// Why a text cannot be read as YAML.
public struct YAMLError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let reason: String
    /// Where, counted from 1; nil for the text as a whole.
    public let line: Int?

    public init(_ reason: String, line: Int? = nil) {
        self.reason = reason
        self.line = line
    }

    public var description: String { (line.map { "line \($0): " } ?? "") + reason }
}
