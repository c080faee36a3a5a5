// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials

/// The JSON schemas of the OCI image specification, and a checker of as much of JSON Schema (draft 4) as they use.
public struct OCISchema: Sendable {
    /// The folder of all tables.
    let folder: String

    /// Where the schemas and the tables of cases are, or nil when this machine has them not: `$MANIFOLD_CONFORMANCE`, or
    /// `../shared/conformance` beside the checkout.
    public static let standard: OCISchema? = {
        let checkout = #filePath.split(separator: "/").dropLast(4)
        let beside = "/" + (checkout.dropLast() + ["shared", "conformance"]).joined(separator: "/")
        let named = ProcessInfo.processInfo.environment["MANIFOLD_CONFORMANCE"].flatMap { $0.isEmpty ? nil : $0 }
        let path = named ?? beside
        return named != nil || FileManager.default.fileExists(atPath: path) ? OCISchema(folder: path) : nil
    }()

    /// The documents with whether they are valid, by the name of their table.
    public func cases() throws -> [String: JSONValue] { try document("schema_cases.json").members }

    /// What is wrong with a document by one of the schemas, such as `image-index-schema.json`; nothing when it is valid.
    public func problems(of document: JSONValue, by schema: String) throws -> [String] {
        let root = try self.document("schema/\(schema)")
        return try check(document, root, Place(file: schema, path: "$"))
    }

    private func document(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: "\(folder)/oci-image-spec/\(name)"))))
    }

    private struct Place {
        var file: String
        var path: String

        func at(_ name: String) -> Place { Place(file: file, path: "\(path).\(name)") }
    }

    private func check(_ value: JSONValue, _ schema: JSONValue, _ place: Place) throws -> [String] {
        if let reference = schema["$ref"].string {
            let parts = reference.split(separator: "#", omittingEmptySubsequences: false)
            let file = parts[0].isEmpty ? place.file : String(parts[0])
            var target = try document("schema/\(file)")
            for name in parts.dropFirst().joined().split(separator: "/") { target = target[String(name)] }
            return try check(value, target, Place(file: file, path: place.path))
        }
        var problems: [String] = []
        if let type = schema["type"].string, !Self.isOf(type, value) { return ["\(place.path) is no \(type)"] }
        let choices = schema["oneOf"].array
        if !choices.isEmpty {
            let fitting = try choices.filter { try check(value, $0, place).isEmpty }
            if fitting.count != 1 { problems.append("\(place.path) fits \(fitting.count) of \(choices.count) forms") }
        }
        if !schema["enum"].array.isEmpty, !schema["enum"].array.contains(value) {
            problems.append("\(place.path) is none of the values")
        }
        switch value {
        case .string(let text): problems += try Self.check(text, schema).map { "\(place.path) \($0)" }
        case .number(let number):
            if case .number(let least) = schema["minimum"], number < least {
                problems.append("\(place.path) is too small")
            }
            if case .number(let most) = schema["maximum"], number > most {
                problems.append("\(place.path) is too large")
            }
        case .list(let list):
            if case .number(let least) = schema["minItems"], Double(list.count) < least {
                problems.append("\(place.path) has too few elements")
            }
            guard case .object = schema["items"] else { break }
            for (index, element) in list.enumerated() {
                problems += try check(element, schema["items"], place.at("\(index)"))
            }
        case .object(let members):
            for name in schema["required"].strings where members[name] == nil {
                problems.append("\(place.path) has no \(name)")
            }
            for (name, member) in members {
                if let known = schema["properties"].members[name] {
                    problems += try check(member, known, place.at(name))
                }
                for (pattern, rule) in schema["patternProperties"].members
                where try name.contains(Regex(pattern)) { problems += try check(member, rule, place.at(name)) }
            }
        case .null, .bool: break
        }
        return problems
    }

    private static func check(_ text: String, _ schema: JSONValue) throws -> [String] {
        var problems: [String] = []
        if let pattern = schema["pattern"].string, try !text.contains(Regex(pattern)) {
            problems.append("does not fit \(pattern)")
        }
        switch schema["format"].string {
        case "date-time"?:
            let time = #/\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)/#
            if text.wholeMatch(of: time) == nil { problems.append("is no time") }
        case "uri"?:
            let address = #/[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:\/?#\[\]@!$&'()*+,;=%]*/#
            if text.wholeMatch(of: address) == nil { problems.append("is no address") }
        default: break
        }
        let isBase64 = schema["media"]["binaryEncoding"].string == "base64"
        if isBase64, Data(base64Encoded: text) == nil { problems.append("is no base64") }
        return problems
    }

    private static func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("string", .string), ("boolean", .bool), ("null", .null), ("array", .list), ("object", .object),
            ("number", .number):
            true
        case ("integer", .number(let number)): number == number.rounded()
        default: false
        }
    }
}
