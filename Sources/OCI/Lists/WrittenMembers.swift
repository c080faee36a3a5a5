// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The members of a JSON object that nobody vouches for: what can be read is taken out, all else is kept as it is.
struct WrittenMembers {
    private let container: KeyedDecodingContainer<Name>
    private var taken: Set<String> = []

    /// - Throws: when it is no object.
    init(_ decoder: any Decoder) throws { container = try decoder.container(keyedBy: Name.self) }

    /// The value of a member; nil when it is missing, or of another kind.
    mutating func take<Value: Decodable>(_ key: some CodingKey, as type: Value.Type = Value.self) -> Value? {
        let value = try? container.decodeIfPresent(Value.self, forKey: Name(key.stringValue))
        guard let value else { return nil }
        taken.insert(key.stringValue)
        return value
    }

    /// What was not taken.
    func rest() throws -> [String: JSONTree] {
        var rest: [String: JSONTree] = [:]
        for key in container.allKeys where !taken.contains(key.stringValue) {
            rest[key.stringValue] = try container.decode(JSONTree.self, forKey: key)
        }
        return rest
    }

    /// Writes what was kept beside what was understood.
    static func encode(_ rest: [String: JSONTree], to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for (name, value) in rest { try container.encode(value, forKey: Name(name)) }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
