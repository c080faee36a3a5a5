// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
package import OCI

/// The file index.json of a layout: its images under their names (image-spec image-layout.md, "index.json file").
///
/// Others write to it, too: what is not understood stays as it is.
package struct LayoutIndex: Sendable {
    /// A name that an image gets.
    package struct Name: Sendable {
        /// The annotation `org.opencontainers.image.ref.name`.
        let tag: String
        /// The whole name, which containerd reads (`io.containerd.image.name`).
        let reference: Reference?

        package init(tag: String, reference: Reference? = nil) {
            self.tag = tag
            self.reference = reference
        }

        package init(_ reference: Reference) { self.init(tag: reference.tag ?? "latest", reference: reference) }
    }

    /// Who loses a tag to an image that gets it.
    package enum Replacement: Sendable {
        /// Whoever has it.
        case sameTag
        /// Who has the same whole name, or none: one layout may hold `one:1.0` and `two:1.0`, as Docker's tools keep it.
        case sameName
    }

    /// What the file says.
    var list: WrittenIndex

    /// Without images.
    package init() { list = WrittenIndex(entries: []) }

    /// - Throws: `DecodingError`.
    init(parsing bytes: [UInt8]) throws {
        struct Outline: Decodable { var manifests: [JSONTree] }
        let data = Data(bytes)
        _ = try JSONDecoder().decode(Outline.self, from: data)
        list = try JSONDecoder().decode(WrittenIndex.self, from: data)
    }

    /// The images that can be read.
    package var entries: [Descriptor] { list.entries.compactMap(\.descriptor) }

    /// The names of the images.
    package var tags: [String] { list.entries.compactMap(\.layoutName) }

    /// The image that has a tag.
    package func entry(tagged tag: String) -> Descriptor? { place(tagged: tag).flatMap { list.entries[$0].descriptor } }

    func place(tagged tag: String) -> Int? { list.entries.firstIndex { $0.isNamed(tag) } }

    /// Lists an image under a name; without one it takes the place of the one that was listed so by this program, before
    /// the others.
    package mutating func add(_ root: Descriptor, _ name: Name?, replacing replacement: Replacement = .sameTag) {
        var entry = WrittenEntry(root)
        var notes = root.annotations ?? [:]
        for key in WrittenEntry.layoutKeys { notes[key] = nil }
        notes[WrittenEntry.nameKey] = name?.tag
        notes[WrittenEntry.containerdNameKey] = name?.reference?.description
        if name == nil { notes[WrittenEntry.namelessKey] = "true" }
        entry.annotations = notes
        list.entries.removeAll { old in
            old.layoutName == nil && (old.digest == root.digest || name == nil && old.isNameless)
        }
        guard let name else { return list.entries.insert(entry, at: 0) }
        // Who reads the tag finds the newest image that has it.
        let place = place(tagged: name.tag) ?? list.entries.endIndex
        let later = list.entries[place...].filter { old in
            guard old.isNamed(name.tag) else { return true }
            guard replacement == .sameName, let new = name.reference, let whole = old.containerdName else {
                return false
            }
            return whole != new.description
        }
        list.entries.replaceSubrange(place..., with: [entry] + later)
    }

    /// The file's bytes.
    func bytes() throws -> [UInt8] { try LayoutFiles.encode(list) }
}

extension WrittenEntry {
    /// The annotation by which a layout names an image.
    static let nameKey = "org.opencontainers.image.ref.name"

    /// The annotation by which containerd names one.
    static let containerdNameKey = "io.containerd.image.name"

    /// The annotation by which this program knows again what it listed without a name.
    static let namelessKey = "manifold.nameless"

    /// The annotations that say something of the layout and nothing of the image.
    static let layoutKeys = [nameKey, containerdNameKey, namelessKey]

    /// The name that a layout gives an image.
    var layoutName: String? { annotations?[Self.nameKey] }

    /// The name that containerd gives one.
    var containerdName: String? { annotations?[Self.containerdNameKey] }

    fileprivate var isNameless: Bool { annotations?[Self.namelessKey] != nil }

    /// Whether a layout calls it so; some tools write whole references where the specification wants tags.
    fileprivate func isNamed(_ tag: String) -> Bool {
        guard let name = layoutName else { return false }
        return name == tag || (try? Reference(name))?.tag == tag && name.contains("/")
    }
}
