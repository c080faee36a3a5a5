// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import Registry

/// A list that is put together or changed, with where its entries are, before it is written anywhere.
public struct ListDraft: Sendable {
    /// The list as it stands, and what was done to it.
    public private(set) var editor: ListEditor
    private var parts: [ListPart]
    /// The list that this was made of.
    private let original: (document: FetchedManifest, index: Index)?

    /// Begins with a list that is there.
    ///
    /// - Throws: ``ImagesError/noList(title:)``, ``ManifestError``, and what the place has to say.
    public init(changing list: any ImageReader) async throws {
        let document = try await list.root()
        guard case .index(let index) = try document.content() else { throw ImagesError.noList(title: list.title) }
        editor = ListEditor(index)
        parts = index.manifests.map { ListPart($0, of: list) }
        original = (document, index)
    }

    /// Puts a new list together; the same entries in any order give the same list.
    ///
    /// - Throws: ``OCIError/list(_:)``.
    public init(
        creating parts: [ListPart], format: ListFormat = .oci, annotations: [String: String] = [:],
        whenTaken: ListEditor.Collision = .refuse
    ) throws {
        editor = try ListEditor(
            creating: parts.map(\.entry), format: format, annotations: annotations, whenTaken: whenTaken)
        self.parts = parts
        original = nil
    }

    /// The list that this began with; nil for a new one.
    public var changed: Digest? { original?.document.descriptor.digest }

    /// Adds what a source has.
    ///
    /// - Throws: ``OCIError/list(_:)``.
    public mutating func add(_ new: [ListPart], whenTaken: ListEditor.Collision = .refuse) throws {
        for part in new { try editor.add(part.entry, whenTaken: whenTaken) }
        parts += new
    }

    /// Changes the list itself.
    public mutating func edit<Failure>(_ body: (inout ListEditor) throws(Failure) -> Void) throws(Failure) {
        try body(&editor)
    }

    /// The list as an image that can be copied to where it goes.
    ///
    /// - Throws: ``OCIError/list(_:)`` for a list without entries.
    public func list(named name: Reference? = nil) throws -> ComposedList {
        guard !editor.index.manifests.isEmpty else { throw OCIError.list(.empty) }
        let used = Set(editor.index.manifests.map(\.digest))
        let parts = parts.filter { used.contains($0.entry.descriptor.digest) }
        // Nothing that was not changed gets another digest.
        if let original, original.index == editor.index {
            return ComposedList(original.document, of: parts, named: name)
        }
        return try ComposedList(editor.index, of: parts, named: name)
    }
}
