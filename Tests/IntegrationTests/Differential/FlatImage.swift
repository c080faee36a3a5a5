// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import TestSupport

/// An image as who runs it sees it: its file system in one piece, and its config.
struct FlatImage: Codable, Sendable {
    /// What there is to say of each file, by its path; see ``FileDescriber``.
    var files: [String: [String: String]]
    /// The parts of the config that are not empty, as JSON with sorted keys.
    var config: [String: String]

    /// What a build came to.
    enum Outcome: Codable, Sendable {
        case built(FlatImage)
        case refused(String)
    }

    /// What of a config is compared.
    static let configKeys = [
        "Env", "Cmd", "Entrypoint", "WorkingDir", "User", "ExposedPorts", "Volumes", "Labels", "StopSignal",
        "Healthcheck", "OnBuild", "Shell",
    ]

    /// An image whose layers a program that is neither manifold nor buildah has unpacked.
    ///
    /// - Parameters:
    ///   - image: A config as OCI and Docker write it.
    init(files: [String: [String: String]], image: JSONValue) {
        self.files = files
        config = [:]
        for key in Self.configKeys { config[key] = image["config"][key].canonical }
        for key in ["os", "architecture", "variant", "author"] { config[key] = image[key].canonical }
    }
}

extension JSONValue {
    /// One text for equal values; nil for what says nothing.
    fileprivate var canonical: String? {
        switch self {
        case .null, .bool(false), .number(0), .string(""): nil
        case .bool: "true"
        case .number(let number): number == number.rounded() ? String(Int64(number)) : String(number)
        case .string(let text): Self.quoted(text)
        case .list(let list): list.isEmpty ? nil : "[\(list.map { $0.canonical ?? #""""# }.joined(separator: ","))]"
        case .object(let object): Self.canonical(object)
        }
    }

    private static func canonical(_ object: [String: JSONValue]) -> String? {
        let members = object.sorted { $0.key < $1.key }.compactMap { key, value -> String? in
            switch value {
            // The members of a set, such as ExposedPorts.
            case .object(let empty) where empty.isEmpty: quoted(key)
            // An empty label is a label.
            case .string(let text): "\(quoted(key)):\(quoted(text))"
            default: value.canonical.map { "\(quoted(key)):\($0)" }
            }
        }
        return members.isEmpty ? nil : "{\(members.joined(separator: ","))}"
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }
}
