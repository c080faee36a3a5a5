// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// One entry of a list, and where its manifest and blobs are.
public struct ListPart: Sendable {
    /// What the list is to say.
    public let entry: ListEntry
    /// What people call it, as in `linux/arm64 of app:1.0-arm64`.
    public let title: String
    /// Who has it; the first that does is asked.
    let readers: [any ImageReader]

    /// - Parameters:
    ///   - entry: what the list is to say.
    ///   - readers: images of the places that have the entry's manifest, best first. Only the places matter, not what
    ///     their names stand for.
    ///   - title: what people call it.
    public init(_ entry: ListEntry, from readers: [any ImageReader], title: String) {
        self.entry = entry
        self.readers = readers
        self.title = title
    }

    /// The repositories that are known to have it.
    public var origins: [Reference] { readers.flatMap { $0.origins(of: entry.descriptor) } }

    /// An entry of a list that is there, as it is.
    public init(_ descriptor: Descriptor, of list: any ImageReader) {
        self.init(
            ListEntry(asIs: descriptor), from: [list],
            title: "\(descriptor.platform?.description ?? descriptor.digest.description) of \(list.title)")
    }
}
