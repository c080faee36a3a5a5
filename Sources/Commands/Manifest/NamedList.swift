// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI
import Registry
import Store

/// Where a list is that a command names.
struct NamedList: Sendable {
    /// What was written.
    let text: String
    private let place: ImagePlace
    /// Whether the text says what kind of place it is.
    private let isExplicit: Bool

    /// - Throws: ``ImagesError``, ``OCIError``.
    init(_ text: String, in environment: Environment) throws {
        self.text = text
        place = try ImagePlace(text, absolute: environment.absolute)
        if case .registry = place { isExplicit = text.hasPrefix("docker://") } else { isExplicit = true }
    }

    var registries: [String] { place.registries }

    /// The name, where there is one.
    var name: Reference? {
        switch place {
        case .registry(let reference), .store(let reference): reference
        case .layout, .layoutArchive, .dockerArchive: nil
        }
    }

    /// Where a list of this name is: what the text says, else in the store when it is there, else in the registry.
    func existing(_ store: Store) throws -> ImagePlace {
        guard !isExplicit, let name, try store.image(named: name) != nil else { return place }
        return .store(name)
    }

    /// Where a new list of this name goes.
    ///
    /// - Throws: ``CommandError``.
    func new(_ pushing: Pushing) throws -> ImagePlace {
        if pushing == .now {
            guard case .store(let name) = place else { return place }
            throw CommandError(
                "--push: store:\(name.familiar) is no place in a registry", remedy: "leave out --push, or store:")
        }
        guard !isExplicit, let name else { return place }
        return .store(name)
    }

    /// When a list goes to its registry.
    enum Pushing { case now, later }

    /// Whether a name can be moved to something new.
    ///
    /// - Throws: ``CommandError`` for a digest.
    func checkWritable() throws {
        guard name?.digest != nil else { return }
        throw CommandError(
            "\(text): a digest always stands for the same list",
            remedy: "name a tag, or say with -t what the new list is called")
    }
}

extension ListWork {
    /// What writes a list to a place; in the store the layers may stay in the registries where they are.
    func writer(to place: ImagePlace, for list: ComposedList) throws -> any ImageWriter {
        if case .store(let name) = place { return StoredList(name, of: list, store: access.store) }
        return try access.writer(to: place, from: list)
    }
}
