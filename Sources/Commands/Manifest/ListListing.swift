// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Images
import OCI
import Registry

/// What a list names, for people and for programs.
struct ListListing {
    private let root: FetchedManifest
    private let title: String
    private let content: FetchedManifest.Content

    /// - Throws: ``ManifestError``.
    init(_ root: FetchedManifest, title: String) throws {
        self.root = root
        self.title = title
        content = try root.content()
    }

    // MARK: Who gets what

    /// The entry that a machine gets.
    struct Choice {
        let entry: Descriptor
        let text: String
    }

    /// - Throws: ``ImagesError/noPlatform(_:title:available:)``, ``ImagesError/noList(title:)``.
    func choice(for platform: Platform) throws -> Choice {
        guard case .index(let index) = content else { throw ImagesError.noList(title: title) }
        let pick = WrittenIndex(index).pick(for: platform)
        guard let place = pick.entry, index.manifests.indices.contains(place) else {
            throw ImagesError.noPlatform(platform, title: title, available: index.platforms)
        }
        let entry = index.manifests[place]
        let remark =
            switch pick {
            case .exact, .nothing: ""
            case .older: ", which is for an older variant and runs"
            case .sister: ", which is for the 32-bit sister and runs"
            case .wrong: ", which does not run there"
            }
        let name = entry.platform?.fullName ?? "an entry without a platform"
        return Choice(entry: entry, text: "\(platform) gets \(name)\(remark)\n\(entry.digest)\n")
    }

    // MARK: For people

    /// - Parameter images: the images that the list names, when they were looked at.
    func text(_ images: ImageSelection?) -> String {
        var lines: [(String, String)] = [
            ("Name", title), ("Digest", root.descriptor.digest.description),
            ("Type", "\(root.descriptor.mediaType.isIndex ? "list" : "image") (\(root.descriptor.mediaType))"),
        ]
        switch content {
        case .manifest(let manifest):
            lines += ImageDescription.lines("Annotation", manifest.annotations)
            let size = manifest.layers.reduce(0) { $0 + max(0, $1.size) }
            lines.append(("Config", manifest.config.digest.description))
            lines.append(("Layers", "\(manifest.layers.count) (\(HumanFormat.bytes(size)))"))
            return ImageDescription.text(lines)
        case .index(let index):
            lines += ImageDescription.lines("Annotation", index.annotations)
            return ImageDescription.text(lines) + "\n" + table(index, images)
        }
    }

    private func table(_ index: Index, _ images: ImageSelection?) -> String {
        let known = Dictionary(
            (images?.images ?? []).map { ($0.document.descriptor.digest, $0) }, uniquingKeysWith: { first, _ in first })
        var table =
            images == nil
            ? TextTable("PLATFORM", "DIGEST", "KIND") : TextTable("PLATFORM", "DIGEST", "KIND", "LAYERS", "SIZE")
        for entry in index.manifests {
            let platform = entry.platform?.fullName ?? "-"
            let kind = Self.kind(of: entry)
            if let image = known[entry.digest] {
                table.add(
                    platform, entry.digest.description, kind, "\(image.manifest.layers.count)",
                    HumanFormat.bytes(image.size))
            } else {
                table.add(platform, entry.digest.description, kind)
            }
            for (key, value) in (entry.annotations ?? [:]).sorted(by: { $0.key < $1.key }) where images != nil {
                table.add("", "\(key)=\(value)")
            }
        }
        return table.text
    }

    private static func kind(of entry: Descriptor) -> String {
        switch entry.role {
        case .image: "image"
        case .attestation(let subject?): "attestation of \(subject.short)"
        case .attestation(nil): "attestation"
        case .artifact: entry.artifactType ?? "artifact"
        case .list: "list"
        }
    }

    // MARK: For programs

    /// One image of a list, in the words of `docker manifest inspect --verbose`.
    private struct Named: Encodable {
        var ref: String
        var descriptor: Descriptor
        var manifest: Manifest

        enum CodingKeys: String, CodingKey {
            case ref = "Ref"
            case descriptor = "Descriptor"
            case docker = "SchemaV2Manifest"
            case oci = "OCIManifest"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(ref, forKey: .ref)
            try container.encode(descriptor, forKey: .descriptor)
            try container.encode(manifest, forKey: descriptor.mediaType == .dockerManifest ? .docker : .oci)
        }
    }

    /// - Parameter images: the images that the list names, when they were looked at.
    func json(_ images: ImageSelection?) throws -> String {
        guard let images else {
            switch content {
            case .index(let index): return try ImageDescription.json(index)
            case .manifest(let manifest): return try ImageDescription.json(manifest)
            }
        }
        var entries: [Digest: Descriptor] = [:]
        if case .index(let index) = content { for entry in index.manifests { entries[entry.digest] = entry } }
        let repository = (try? Reference(title))?.name ?? title
        let named = images.images.map { image in
            let descriptor = image.document.descriptor
            return Named(
                ref: "\(repository)@\(descriptor.digest)", descriptor: entries[descriptor.digest] ?? descriptor,
                manifest: image.manifest)
        }
        return root.descriptor.mediaType.isIndex
            ? try ImageDescription.json(named) : try named.first.map { try ImageDescription.json($0) } ?? ""
    }
}
