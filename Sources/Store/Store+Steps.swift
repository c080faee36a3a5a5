// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import SystemPackage

/// The result of a build step.
public struct StepRecord: Hashable, Sendable, Codable {
    /// The layer that the step made.
    public var diffID: Digest
    /// When it was made, RFC 3339.
    public var created: String
    /// Other keys of the same result, which follow from this one.
    public var also: [Digest]?

    public init(diffID: Digest, created: String, also: [Digest]? = nil) {
        self.diffID = diffID
        self.created = created
        self.also = also
    }
}

extension Store {
    /// The result of the step with this key, if there is one.
    public func step(_ key: Digest) throws -> StepRecord? {
        try readRecord(StepRecord.self, at: root.appending("steps").appending(key.encoded))
    }

    /// Remembers the result of a step.
    ///
    /// - Throws: ``StoreError``.
    public func save(_ record: StepRecord, for key: Digest) throws {
        try writeRecord(record, to: root.appending("steps").appending(key.encoded))
    }
}
