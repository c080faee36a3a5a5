// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// Free-form notes on an image, each with the place that it belongs to (image-spec annotations.md).
public struct ImageAnnotations: Sendable, Hashable {
    /// What carries a note.
    public enum Scope: String, Sendable, CaseIterable {
        /// A platform's manifest.
        case manifest
        /// The index.
        case index
        /// The index's line on a platform's manifest.
        case manifestDescriptor = "manifest-descriptor"
        /// What points to the index, as in an OCI layout's index.json.
        case indexDescriptor = "index-descriptor"
    }

    private struct Place: Hashable {
        var scope: Scope
        var platform: Platform?
    }

    private var notes: [Place: [String: String]] = [:]

    public init() {}

    public var isEmpty: Bool { notes.isEmpty }

    /// Notes something; the last of equal keys wins.
    ///
    /// - Parameter platform: whose manifest it is; nil for every one.
    public mutating func add(_ key: String, _ value: String, to scope: Scope, of platform: Platform? = nil) {
        notes[Place(scope: scope, platform: platform), default: [:]][key] = value
    }

    /// Takes over what another list has besides; its values win.
    public mutating func merge(_ other: ImageAnnotations) {
        for (place, values) in other.notes { notes[place, default: [:]].merge(values) { $1 } }
    }

    /// Takes the notes that are for no platform in particular out of a scope.
    public mutating func take(_ scope: Scope) -> [String: String] {
        notes.removeValue(forKey: Place(scope: scope, platform: nil)) ?? [:]
    }

    /// Takes all notes out of a scope, those for every platform first.
    public mutating func takeAll(_ scope: Scope) -> [(platform: Platform?, key: String, value: String)] {
        let places = notes.keys.filter { $0.scope == scope }.sorted {
            ($0.platform?.description ?? "") < ($1.platform?.description ?? "")
        }
        return places.flatMap { place in
            (notes.removeValue(forKey: place) ?? [:]).sorted { $0.key < $1.key }.map {
                (place.platform, $0.key, $0.value)
            }
        }
    }

    /// The notes of a place; nil when there are none. Those for one platform win over those for all.
    func values(_ scope: Scope, _ platform: Platform? = nil) -> [String: String]? {
        var values = notes[Place(scope: scope, platform: nil)] ?? [:]
        if let platform { values.merge(notes[Place(scope: scope, platform: platform)] ?? [:]) { $1 } }
        return values.isEmpty ? nil : values
    }

    /// Whether everything has a place in a result for these platforms.
    ///
    /// - Throws: ``BuildError/output(_:remedy:)``.
    func check(_ platforms: [Platform]) throws {
        for place in notes.keys {
            if let platform = place.platform, !platforms.contains(platform) {
                throw BuildError.output(
                    "an annotation is for \(platform), which is not built",
                    remedy: "platforms that are built: \(platforms.map(\.description).joined(separator: ", "))")
            }
            if platforms.count == 1, place.scope == .index || place.scope == .indexDescriptor {
                throw BuildError.output(
                    "an annotation is for the index, and an image for one platform has none",
                    remedy: "annotate the manifest (manifest:KEY=VALUE), or build for several platforms")
            }
        }
    }
}
