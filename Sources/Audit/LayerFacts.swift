// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import OCI

/// What is known of a layer's files, by the digests of their contents: where they are is said by the layer's index.
///
/// It is the same for all platforms, and so it is made once and kept.
public struct LayerFacts: Hashable, Sendable {
    /// What is known of the files that a machine could be asked to run.
    public private(set) var files: [Digest: FileFacts] = [:]

    public init() {}

    /// Notes what a file is.
    public mutating func note(_ facts: FileFacts, for content: Digest) { files[content] = facts }

    /// Reads what ``encoded`` gave; nil for anything else.
    public init?(encoded: [UInt8]) {
        guard let record = try? JSONDecoder().decode(Record.self, from: Data(encoded)),
            record.version == Record.current
        else { return nil }
        for group in record.groups {
            for content in group.files { files[content] = group.facts }
        }
    }

    /// The facts as they are stored: most programs of a layer have the same ones, which are written once.
    public var encoded: [UInt8] {
        get throws {
            let groups = Dictionary(grouping: files.keys) { files[$0] }.compactMap { facts, contents in
                facts.map { Record.Group(facts: $0, files: contents.sorted { $0.encoded < $1.encoded }) }
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let sorted = groups.sorted { ($0.files.first?.encoded ?? "") < ($1.files.first?.encoded ?? "") }
            return try Array(encoder.encode(Record(version: Record.current, groups: sorted)))
        }
    }

    private struct Record: Codable {
        /// Counted up when more is looked at, or otherwise: layers are then read again.
        static let current = 1

        struct Group: Codable {
            let facts: FileFacts
            let files: [Digest]
        }

        let version: Int
        let groups: [Group]
    }
}
