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
        var attributes = try AttributeList(text, flag: "--output", example: "type=oci,dest=FILE")
        let type = attributes.take("type") ?? ""
        let names = (attributes.take("name") ?? "").split(separator: ",").map(String.init)
        switch type {
        case "oci":
            guard let path = attributes.take("dest"), !path.isEmpty else {
                throw CommandError(
                    "--output \(text): dest is missing", remedy: "write it as --output type=oci,dest=FILE")
            }
            guard path != "-" else {
                throw CommandError(
                    "--output \(text): writing to standard output is not supported yet", remedy: "name a file")
            }
            let asTar = try attributes.takeBoolean("tar")
            destination = .oci(path: path, asTar: asTar)
        case "registry":
            destination = .registry(names: names)
        case "image":
            let push = try attributes.takeBoolean("push") ?? false
            destination = push ? .registry(names: names) : .store(names: names)
        case "docker", "local", "tar", "cacheonly":
            throw CommandError("--output type=\(type) is not supported yet", remedy: "use type=oci or type=registry")
        default:
            throw CommandError(
                type.isEmpty ? "--output \(text): type is missing" : "--output \(text): there is no type \"\(type)\"",
                remedy: "use type=oci,dest=FILE, type=registry or type=image")
        }
        if let name = attributes.rest.first {
            throw CommandError("--output \(text): \"\(name)\" is not supported yet for type \(type)")
        }
    }
}
