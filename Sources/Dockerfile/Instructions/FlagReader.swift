// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// Reads the `--flags` of one instruction against those that it knows.
struct FlagReader {
    /// A flag that an instruction knows.
    enum Known {
        case bool(String)
        case string(String)
        /// May be given several times.
        case strings(String)

        var name: String {
            switch self {
            case .bool(let name), .string(let name), .strings(let name): name
            }
        }
    }

    private var values: [String: [String]] = [:]

    init(_ node: Node, _ known: [Known]) throws(DockerfileError) {
        for flag in node.flags {
            let (written, value) = flag.dropFirst(2).cut(at: "=")
            let name = String(written)
            guard let form = known.first(where: { $0.name == name }) else {
                throw DockerfileError(
                    "unknown flag: --\(name)", lines: node.lines, culprit: "--\(name)",
                    suggestion: Spelling.nearest(to: name, among: known.map(\.name)).map { "--\($0)" })
            }
            func fail(_ message: String) -> DockerfileError {
                DockerfileError(message, lines: node.lines, culprit: "--\(name)")
            }
            if values[name] != nil, case .strings = form {
            } else if values[name] != nil {
                throw fail("duplicate flag specified: \(name)")
            }
            switch form {
            case .bool:
                let lowered = value?.lowercased() ?? "true"
                if lowered.isEmpty { throw fail("missing a value on flag: \(name)") }
                guard lowered == "true" || lowered == "false" else {
                    throw fail("expecting boolean value for flag \(name), not: \(value ?? "")")
                }
                values[name] = [lowered]
            case .string, .strings:
                guard let value else { throw fail("missing a value on flag: \(name)") }
                values[name, default: []].append(String(value))
            }
        }
    }

    /// Whether the flag is given and not `false`.
    func bool(_ name: String) -> Bool { values[name] == ["true"] }

    /// True, false or not said.
    func optionalBool(_ name: String) -> Bool? { values[name].map { $0 == ["true"] } }

    /// The value of a flag; an empty one counts as none, as in BuildKit.
    func string(_ name: String) -> String? { values[name]?.first.flatMap { $0.isEmpty ? nil : $0 } }

    func strings(_ name: String) -> [String] { values[name] ?? [] }
}
