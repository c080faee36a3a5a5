// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// One `RUN --mount`.
public struct RunMount: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case bind, cache, tmpfs, secret, ssh
    }

    /// Who may use a cache at the same time.
    public enum Sharing: String, Hashable, Sendable, CaseIterable {
        case shared, `private`, locked
    }

    public var kind: Kind = .bind
    /// A stage, an image or a named context; nil: the build context (bind), nothing (cache).
    public var from: String?
    /// The path inside `from`; for a secret another way of saying `id`.
    public var source: String?
    /// Where it is mounted; relative to the working directory, which nil means for bind, cache and tmpfs. A secret or
    /// ssh mount then has its default.
    public var target: String?
    public var readOnly = true
    /// The name of the cache, secret or ssh agent.
    public var id: String?
    /// For a cache; `shared` when not said.
    public var sharing: Sharing?
    /// Whether a missing secret or agent is an error.
    public var required = false
    /// For a tmpfs, in bytes.
    public var sizeLimit: Int64?
    public var mode: UInt32?
    public var uid: UInt32?
    public var gid: UInt32?
    /// For a secret: the environment variable that holds it.
    public var environmentVariable: String?

    private static let keys = [
        "destination", "dst", "env", "from", "gid", "id", "mode", "readonly", "readwrite", "required", "ro", "rw",
        "sharing", "size", "source", "src", "target", "type", "uid",
    ]

    /// What a mount's `from` names, without looking at the rest, which may hold variables; `from` never does.
    static func origin(_ text: String) -> String? {
        guard let fields = try? fields(text) else { return nil }
        return fields.last { $0.0 == "from" }?.1.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Looks at what does not depend on variables: the keys, and that `from` has none.
    static func check(_ text: String) throws(DockerfileError) {
        for (key, value, field) in try fields(text) {
            guard keys.contains(key) else {
                throw DockerfileError(
                    "unexpected key '\(key)' in '\(field)'", culprit: field,
                    suggestion: Spelling.nearest(to: key, among: keys))
            }
            if key == "from", let value, value.unicodeScalars.dropLast().contains("$") {
                throw DockerfileError(
                    "'from' doesn't support variable expansion, define alias stage instead", culprit: field)
            }
        }
    }

    /// Reads the flag's value, each field expanded by `expand`.
    init(
        _ text: String, expand: (String) throws(DockerfileError) -> String = { text throws(DockerfileError) in text }
    ) throws(DockerfileError) {
        try Self.check(text)
        var readOnly: Bool?
        for (key, written, field) in try Self.fields(text) {
            func invalid() -> DockerfileError {
                DockerfileError("invalid value for \(key): \(written ?? "")", culprit: field)
            }
            guard let written else {
                switch key {
                case "readonly", "ro": readOnly = true
                case "readwrite", "rw": readOnly = false
                case "required": required = true
                default:
                    throw DockerfileError("invalid field '\(field)' must be a key=value pair", culprit: field)
                }
                continue
            }
            let value = try expand(written)
            switch key {
            case "type": kind = try Self.choice(value, "unsupported mount type")
            case "from": from = value.isEmpty ? nil : value
            case "source", "src": source = value.isEmpty ? nil : value
            case "target", "dst", "destination": target = value.isEmpty ? nil : value
            case "readonly", "ro":
                guard let flag = Self.bool(value) else { throw invalid() }
                readOnly = flag
            case "readwrite", "rw":
                guard let flag = Self.bool(value) else { throw invalid() }
                readOnly = !flag
            case "required":
                guard let flag = Self.bool(value) else { throw invalid() }
                required = flag
            case "size":
                guard let size = ByteCount.parse(value) else { throw invalid() }
                sizeLimit = size
            case "id": id = value.isEmpty ? nil : value
            case "sharing": sharing = try Self.choice(value, "unsupported sharing value") as Sharing
            case "mode":
                guard let number = UInt32(value, radix: 8), !value.startsWith("+") else { throw invalid() }
                mode = number
            case "uid":
                guard let number = UInt32(value), !value.startsWith("+") else { throw invalid() }
                uid = number
            case "gid":
                guard let number = UInt32(value), !value.startsWith("+") else { throw invalid() }
                gid = number
            default: environmentVariable = value
            }
        }
        self.readOnly = readOnly ?? (kind != .cache && kind != .tmpfs)
        try validate()
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: String, _ message: String
    ) throws(DockerfileError) -> Choice where Choice.RawValue == String {
        if let choice = Choice(rawValue: value.lowercased()) { return choice }
        throw DockerfileError(
            "\(message) \(GoQuoting.quoted(value))", culprit: value,
            suggestion: Spelling.nearest(to: value.lowercased(), among: Choice.allCases.map(\.rawValue)))
    }

    private func validate() throws(DockerfileError) {
        func fail(_ message: String) -> DockerfileError { DockerfileError(message, culprit: "--mount") }
        if kind == .bind || kind == .tmpfs {
            for (key, value) in [("mode", mode), ("uid", uid), ("gid", gid)] where value != nil {
                throw fail("\(key) not allowed for \"\(kind.rawValue)\" type mounts")
            }
        }
        func only(_ key: String, _ isSet: Bool, for kinds: Kind...) throws(DockerfileError) {
            if isSet, !kinds.contains(kind) {
                throw fail("unexpected key '\(key)' for mount type '\(kind.rawValue)'")
            }
        }
        try only("required", required, for: .secret, .ssh)
        try only("size", sizeLimit != nil, for: .tmpfs)
        try only("env", environmentVariable != nil, for: .secret)
        switch kind {
        case .secret:
            if from != nil { throw fail("secret mount should not have a from") }
            if sharing != nil { throw fail("secret mount should not define sharing") }
            if source == nil, target == nil, id == nil {
                throw fail("invalid secret mount. one of source, target required")
            }
            if source != nil, id != nil { throw fail("both source and id can't be set") }
        case .ssh:
            if source != nil { throw fail("ssh mount should not have a source") }
            if from != nil { throw fail("ssh mount should not have a from") }
        case .bind, .cache, .tmpfs:
            // A relative target, or none, is meaningful below the working directory, which is not known here.
            if let target, target.startsWith("/"), Paths.clean(target) == "/" {
                throw fail("invalid mount target \(GoQuoting.quoted(target))")
            }
            if kind == .tmpfs, from != nil { throw fail("tmpfs mount should not have a from") }
        }
        if sharing != nil, kind != .cache {
            throw fail("invalid cache sharing set for \(kind.rawValue) mount")
        }
    }

    /// Go's `strconv.ParseBool`.
    private static func bool(_ value: String) -> Bool? {
        switch value {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    /// `key=value` fields of one CSV record; quotes protect commas.
    private static func fields(
        _ text: String
    ) throws(DockerfileError) -> [(key: String, value: String?, field: String)] {
        try commaSeparated(text).map { field in
            let (key, value) = field.cut(at: "=")
            return (key.lowercased(), value.map { String($0) }, field)
        }
    }

    private static func commaSeparated(_ text: String) throws(DockerfileError) -> [String] {
        let bad = DockerfileError("failed to parse csv mounts: a quote is out of place in \(text)", culprit: text)
        var fields: [String] = []
        let scalars = Scalars(text.unicodeScalars)
        var index = 0
        while true {
            var field = String.UnicodeScalarView()
            if index < scalars.count, scalars[index] == "\"" {
                index += 1
                while true {
                    guard index < scalars.count else { throw bad }
                    let scalar = scalars[index]
                    index += 1
                    if scalar == "\"" {
                        guard index < scalars.count, scalars[index] == "\"" else { break }
                        index += 1
                    }
                    field.append(scalar)
                }
                guard index == scalars.count || scalars[index] == "," else { throw bad }
            } else {
                while index < scalars.count, scalars[index] != "," {
                    guard scalars[index] != "\"" else { throw bad }
                    field.append(scalars[index])
                    index += 1
                }
            }
            fields.append(String(field))
            guard index < scalars.count else { return fields }
            index += 1
        }
    }
}
