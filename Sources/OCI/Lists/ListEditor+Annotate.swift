// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What is to be different about an entry.
public struct EntryChange: Hashable, Sendable {
    public var os: String?
    public var architecture: String?
    public var variant: String?
    public var osVersion: String?
    public var osFeatures: [String]?
    /// Annotations to set; nil as a value takes one away.
    public var annotations: [String: String?]

    public init(
        os: String? = nil, architecture: String? = nil, variant: String? = nil, osVersion: String? = nil,
        osFeatures: [String]? = nil, annotations: [String: String?] = [:]
    ) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
        self.osVersion = osVersion
        self.osFeatures = osFeatures
        self.annotations = annotations
    }

    var changesPlatform: Bool {
        os != nil || architecture != nil || variant != nil || osVersion != nil || osFeatures != nil
    }
}

extension ListEditor {
    /// Changes what the list says about an entry.
    ///
    /// - Throws: ``OCIError/unknownPlatform(_:suggestion:)``, ``ListProblem``.
    public mutating func annotate(_ selector: EntrySelector, _ change: EntryChange) throws(OCIError) {
        let places = try selector.places(in: index)
        if !change.annotations.isEmpty, index.format == .docker {
            throw .list(.notInDockerLists("annotations"))
        }
        if change.changesPlatform {
            guard places.count == 1, let place = places.first else {
                throw .list(.severalEntries(selector.description, digests: places.map { index.manifests[$0].digest }))
            }
            let old = index.manifests[place]
            let known = old.platform.flatMap { WrittenPlatform($0).isUnknown ? nil : $0 }
            let given = try GivenPlatform(
                os: change.os, architecture: change.architecture, variant: change.variant,
                osVersion: change.osVersion, osFeatures: change.osFeatures, over: known)
            let taken = index.manifests.indices.first {
                $0 != place && index.manifests[$0].role == .image && index.manifests[$0].isFor(given.platform)
            }
            if let taken {
                throw .list(
                    .platformTaken(given.platform, by: index.manifests[taken].digest, new: old.digest))
            }
            var sentences = given.note.map { [$0] } ?? []
            if given.platform != old.platform {
                let before = old.platform?.fullName ?? "no platform"
                sentences.append("\(old.digest.short): \(before) is \(given.platform.fullName) now")
            }
            self.change([place]) { $0.platform = given.platform }
            replace(index: index, sentences)
            // The entry may stand elsewhere now.
            let moved = index.manifests.indices.filter {
                index.manifests[$0].digest == old.digest && index.manifests[$0].platform == given.platform
            }
            self.change(moved) { $0.annotations = Self.merged($0.annotations, change.annotations) }
        } else {
            self.change(places) { $0.annotations = Self.merged($0.annotations, change.annotations) }
        }
    }

    /// Sets annotations of the list itself; nil as a value takes one away.
    ///
    /// - Throws: ``ListProblem/notInDockerLists(_:)``.
    public mutating func annotate(_ annotations: [String: String?]) throws(OCIError) {
        guard !annotations.isEmpty else { return }
        guard index.format != .docker else { throw .list(.notInDockerLists("annotations")) }
        var index = index
        index.annotations = Self.merged(index.annotations, annotations)
        replace(index: index, [])
    }

    private static func merged(_ old: [String: String]?, _ changes: [String: String?]) -> [String: String]? {
        var annotations = old ?? [:]
        for (key, value) in changes { annotations[key] = value }
        return annotations.isEmpty ? nil : annotations
    }
}
