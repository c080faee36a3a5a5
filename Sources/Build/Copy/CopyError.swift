// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Why files cannot be copied into an image; the sentence is for people.
package enum CopyError: Error, Hashable {
    case notFound(String)
    /// The same, with the directory that it should be in and what was probably meant.
    case missing(String, place: String?, suggestion: String?)
    case ignored(String)
    case notADirectory(String)
    case directoryOverFile(String)
    case fileOverDirectory(String)
    case unknownOwner(String)
    case damagedArchive(String, reason: String)
}

extension CopyError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFound(let path): "\"\(path)\": not found"
        case .missing(let path, let place, let suggestion):
            "\"\(path)\": not found" + (place.map { " in \($0)" } ?? "")
                + (suggestion.map { " (did you mean \"\($0)\"?)" } ?? "")
        case .ignored(let path): "\"\(path)\": not found (.dockerignore leaves it out)"
        case .notADirectory(let path): "\(path) in the image is not a directory"
        case .directoryOverFile(let path): "cannot copy to non-directory: \(path)"
        case .fileOverDirectory(let path): "cannot replace directory \(path) with a file"
        case .unknownOwner(let reason): reason
        case .damagedArchive(let name, let reason): "cannot unpack \"\(name)\": \(reason)"
        }
    }

    /// What to do about it, where something can be said.
    var remedy: String? {
        if case .damagedArchive = self { "to add the file as it is, write ADD --unpack=false" } else { nil }
    }
}
