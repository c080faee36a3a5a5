// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import OCI

/// The types of `--output` and the attributes that each has.
enum OutputType: String, CaseIterable {
    case image, registry, oci, docker, local, tar, cacheonly

    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Whether the result gets a name in a store or a registry.
    var isImage: Bool { self == .image || self == .registry }
    /// Whether files are written, without an image around them.
    var isFiles: Bool { self == .local || self == .tar }

    var mediaTypes: ImageForm.MediaTypes { self == .docker ? .docker : .oci }

    /// Takes what says where the result goes.
    func destination(_ attributes: inout AttributeList) throws -> OutputOption.Destination {
        let path = self == .image || self == .registry || self == .cacheonly ? nil : attributes.take("dest")
        let file = path.flatMap { $0 == "-" || $0.isEmpty ? nil : $0 }
        switch self {
        case .image, .registry: return try imageDestination(&attributes)
        case .oci:
            let asTar = try attributes.takeBoolean("tar")
            return asTar == false ? try Self.directory(file, attributes) : .oci(path: file, asTar: asTar)
        case .docker:
            // Without the tar file it is nothing but a layout.
            if try attributes.takeBoolean("tar") == false { return try Self.directory(file, attributes) }
            return path == nil ? .daemon : .dockerArchive(path: file)
        case .local:
            guard let path, !path.isEmpty, path != "-" else {
                throw CommandError(
                    "\(attributes.source): dest is missing", remedy: "write it as --output type=local,dest=DIR")
            }
            let word = attributes.take("mode") ?? LocalExporter.Mode.copy.rawValue
            guard let mode = LocalExporter.Mode(rawValue: word) else {
                throw CommandError("\(attributes.source): mode is copy or delete, not \"\(word)\"")
            }
            return .local(path: path, mode: mode)
        case .tar: return .tar(path: file)
        case .cacheonly: return .cacheOnly
        }
    }

    private static func directory(
        _ path: String?, _ attributes: AttributeList
    ) throws -> OutputOption.Destination {
        guard let path else {
            throw CommandError("\(attributes.source): dest is missing", remedy: "name a directory: dest=DIR")
        }
        return .oci(path: path, asTar: false)
    }

    private func imageDestination(_ attributes: inout AttributeList) throws -> OutputOption.Destination {
        let push = try attributes.takeBoolean("push") ?? (self == .registry)
        let byDigest = try attributes.takeBoolean("push-by-digest") ?? false
        let canonical = try attributes.takeBoolean("name-canonical") ?? false
        if byDigest && !push {
            throw CommandError("\(attributes.source): push-by-digest is about pushing", remedy: "add push=true")
        }
        guard push else { return .store(canonical ? .made : .omitted) }
        return .registry(byDigest ? .digests : canonical ? .tagsAndDigests : .tags)
    }

    /// Attributes of BuildKit's that change nothing here.
    private static let withoutEffect = [
        "attestation-inline", "attestation-prefix", "buildinfo", "buildinfo-attrs", "dangling-name-prefix",
        "oci-artifact", "prefer-nondist-layers", "store", "unpack",
    ]

    private static let known =
        withoutEffect + [
            "annotation", "compression", "compression-level", "dest", "force-compression", "mode", "name",
            "name-canonical", "oci-mediatypes", "platform-split", "push", "push-by-digest", "registry.insecure",
            "rewrite-timestamp", "tar", "type",
        ]

    /// Looks at what nobody took.
    ///
    /// - Returns: a line on attributes that do nothing.
    /// - Throws: ``CommandError`` for attributes that there are not.
    func settle(_ attributes: inout AttributeList) throws -> [String] {
        let rest = attributes.rest
        let idle = rest.filter { Self.withoutEffect.contains($0) || $0.hasPrefix("attest:") }
        if let key = rest.first(where: { !idle.contains($0) }) {
            if Self.known.contains(key) || key.hasPrefix("annotation") {
                throw CommandError("\(attributes.source): type=\(rawValue) has no attribute \"\(key)\"")
            }
            let nearest = Spelling.nearest(to: key, among: Self.known)
            throw CommandError(
                "\(attributes.source): there is no attribute \"\(key)\"",
                remedy: nearest.map { "did you mean \"\($0)\"?" }
                    ?? "manifold build --help lists the attributes")
        }
        return idle.isEmpty ? [] : ["\(attributes.source): \(idle.joined(separator: ", ")): without effect here"]
    }
}
