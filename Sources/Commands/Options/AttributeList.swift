// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The value of a flag that is a list of attributes, as in `type=oci,dest=FILE`.
///
/// Commas separate, double quotes keep them, and two double quotes are one (RFC 4180), as in `type=image,"name=a,b"`.
struct AttributeList {
    /// What messages show: the flag and its value.
    let source: String
    private var values: [String: String] = [:]

    /// - Parameters:
    ///   - bare: what a field without `=` means; by default it is an error.
    /// - Throws: ``CommandError`` for a field that is not of the form `key=value`.
    init(_ text: String, flag: String, example: String, bare: (String) -> (String, String)? = { _ in nil }) throws {
        source = "\(flag) \(text)"
        for field in Self.fields(of: text) {
            if let equals = field.firstIndex(of: "=") {
                values[Self.key(field[..<equals])] = String(field[field.index(after: equals)...])
            } else if let (key, value) = bare(field) {
                values[key] = value
            } else {
                throw CommandError(
                    "\(source): \"\(field)\" is not of the form key=value", remedy: "write it as \(flag) \(example)")
            }
        }
    }

    /// Keys are the same in capitals; but an annotation's own key, after the point, is what the user wrote.
    private static func key(_ text: Substring) -> String {
        let lowered = text.lowercased()
        guard lowered.hasPrefix("annotation"), let point = text.firstIndex(of: ".") else { return lowered }
        return text[..<point].lowercased() + text[point...]
    }

    /// Takes an attribute out of the list; the first of the keys that is there wins.
    mutating func take(_ keys: String...) -> String? {
        var found: String?
        for key in keys { if let value = values.removeValue(forKey: key), found == nil { found = value } }
        return found
    }

    /// Takes a yes or no; a bare `key=` is a yes.
    ///
    /// - Throws: ``CommandError`` for anything else.
    mutating func takeBoolean(_ key: String) throws -> Bool? {
        guard let value = take(key) else { return nil }
        switch value.lowercased() {
        case "true", "1", "": return true
        case "false", "0": return false
        default: throw CommandError("\(source): \"\(value)\" is neither true nor false")
        }
    }

    /// Takes every attribute whose key starts with `prefix`, without the prefix.
    mutating func takeAll(startingWith prefix: String) -> [String: String] {
        var taken: [String: String] = [:]
        for key in values.keys where key.hasPrefix(prefix) {
            taken[String(key.dropFirst(prefix.count))] = values.removeValue(forKey: key)
        }
        return taken
    }

    /// The keys that nobody took, in order.
    var rest: [String] { values.keys.sorted() }

    private static func fields(of text: String) -> [String] {
        var fields: [String] = [""]
        var quoted = false
        var previous: Character?
        for character in text {
            if character == "\"" {
                // The second of two quotes inside quotes stands for one.
                if !quoted && previous == "\"" && !fields[fields.count - 1].isEmpty {
                    fields[fields.count - 1].append(character)
                }
                quoted.toggle()
            } else if character == "," && !quoted {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
            previous = character
        }
        return fields.filter { !$0.isEmpty }
    }
}
