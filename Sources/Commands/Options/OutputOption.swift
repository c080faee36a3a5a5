// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import SystemPackage

/// One `--output`: where a build's result goes, as `type=oci,dest=FILE`.
struct OutputOption: ExpressibleByArgument, Equatable {
    enum Destination: Equatable {
        /// An OCI layout in a directory or a tar file; `asTar` is nil when the path decides.
        case oci(path: String, asTar: Bool?)
        /// The registry that the tags name.
        case registry(names: [String])
        /// Only the store.
        case store(names: [String])
    }

    let destination: Destination

    init?(argument: String) {
        do { try self.init(parsing: argument) } catch { return nil }
    }

    /// - Throws: ``CommandError`` that says what is wrong with the text.
    init(parsing text: String) throws {
        var attributes: [String: String] = [:]
        for field in Self.fields(of: text) {
            guard let equals = field.firstIndex(of: "=") else {
                throw CommandError(
                    "--output \(text): \"\(field)\" is not of the form key=value",
                    remedy: "write it as --output type=oci,dest=FILE")
            }
            attributes[field[..<equals].lowercased()] = String(field[field.index(after: equals)...])
        }
        let type = attributes.removeValue(forKey: "type") ?? ""
        let names = (attributes.removeValue(forKey: "name") ?? "").split(separator: ",").map(String.init)
        switch type {
        case "oci":
            guard let path = attributes.removeValue(forKey: "dest"), !path.isEmpty else {
                throw CommandError(
                    "--output \(text): dest is missing", remedy: "write it as --output type=oci,dest=FILE")
            }
            guard path != "-" else {
                throw CommandError(
                    "--output \(text): writing to standard output is not supported yet", remedy: "name a file")
            }
            let asTar = try attributes.removeValue(forKey: "tar").map { try Self.boolean($0, in: text) }
            destination = .oci(path: path, asTar: asTar)
        case "registry":
            destination = .registry(names: names)
        case "image":
            let push = try attributes.removeValue(forKey: "push").map { try Self.boolean($0, in: text) } ?? false
            destination = push ? .registry(names: names) : .store(names: names)
        case "docker", "local", "tar", "cacheonly":
            throw CommandError("--output type=\(type) is not supported yet", remedy: "use type=oci or type=registry")
        default:
            throw CommandError(
                type.isEmpty ? "--output \(text): type is missing" : "--output \(text): there is no type \"\(type)\"",
                remedy: "use type=oci,dest=FILE, type=registry or type=image")
        }
        if let name = attributes.keys.sorted().first {
            throw CommandError("--output \(text): \"\(name)\" is not supported yet for type \(type)")
        }
    }

    /// Commas separate, double quotes keep them (RFC 4180), as in `"name=a,b"`.
    private static func fields(of text: String) -> [String] {
        var fields: [String] = [""]
        var quoted = false
        for character in text {
            if character == "\"" {
                quoted.toggle()
            } else if character == "," && !quoted {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
        }
        return fields.filter { !$0.isEmpty }
    }

    private static func boolean(_ value: String, in text: String) throws -> Bool {
        switch value.lowercased() {
        case "true", "1", "": true
        case "false", "0": false
        default: throw CommandError("--output \(text): \"\(value)\" is neither true nor false")
        }
    }
}
