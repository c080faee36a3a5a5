// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI
import Store

/// What people write for images in the store: names, with or without `store:`, and digests as `manifold images` shows
/// them.
enum StoreName {
    static func parse(_ text: String) throws -> Reference {
        try Reference(text.hasPrefix("store:") ? String(text.dropFirst(6)) : text)
    }

    /// The names that are meant: the one that is written, or all that stand for a digest, which may be cut to twelve
    /// digits or more.
    ///
    /// - Throws: ``ImagesError/notInStore(_:names:)`` for what the store does not have, ``OCIError`` for what is no name.
    static func find(_ text: String, in store: Store) throws -> [Reference] {
        let names = try store.images()
        if let digits = digits(text) {
            let found = try names.filter {
                try store.image(named: $0)?.descriptor.digest.encoded.hasPrefix(digits) == true
            }
            if !found.isEmpty { return found }
        }
        let reference = try parse(text)
        guard try store.image(named: reference) != nil else {
            throw ImagesError.notInStore(reference, names: names.map(\.familiar))
        }
        return [reference]
    }

    /// A name of the image that is meant; a name that has a digest in it need not be there.
    ///
    /// - Throws: as ``find(_:in:)``.
    static func one(_ text: String, in store: Store) throws -> Reference {
        if let reference = try? parse(text), reference.digest != nil { return reference }
        return try find(text, in: store).first ?? parse(text)
    }

    /// The digits of a digest, where a text may be one.
    private static func digits(_ text: String) -> String? {
        let digits = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
        let isDigest =
            (12...64).contains(digits.utf8.count)
            && digits.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
        return isDigest ? digits : nil
    }
}

extension ImagePlace {
    /// The image of the store that a name without `docker:` stands for; other places are themselves.
    ///
    /// - Throws: ``ImagesError/notInStore(_:names:)`` when the store has none of that name.
    func preferringStore(as name: String, _ store: Store) throws -> ImagePlace {
        guard case .registry = self, !name.hasPrefix("docker:") else { return self }
        return .store(try StoreName.one(name, in: store))
    }
}
