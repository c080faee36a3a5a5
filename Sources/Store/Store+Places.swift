// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import SystemPackage

/// In which repositories a blob has been seen, the latest first.
private struct BlobPlaces: Codable {
    var repositories: [String]
}

extension Store {
    /// So many repositories are remembered for a blob; more would only cost questions when they have lost it.
    private static let rememberedPlaces = 4

    /// The repositories of a registry in which a blob has been seen, without the registry's name, the latest first; they
    /// may have lost it.
    public func repositories(of registry: String, holding blob: Digest) -> [String] {
        places(of: blob).compactMap { place in
            place.hasPrefix(registry + "/") ? String(place.dropFirst(registry.utf8.count + 1)) : nil
        }
    }

    private func places(of blob: Digest) -> [String] {
        (try? readRecord(BlobPlaces.self, at: placesPath(blob)))?.repositories ?? []
    }

    /// Remembers that a repository has a blob, so that its registry can hand it to another of its repositories. What cannot
    /// be written down is forgotten; of two processes that write at once, one is.
    ///
    /// - Parameter repository: its whole name, `registry/repository`.
    public func remember(_ blob: Digest, in repository: String) {
        let known = places(of: blob)
        guard known.first != repository else { return }
        let places = [repository] + known.filter { $0 != repository }
        try? writeRecord(
            BlobPlaces(repositories: Array(places.prefix(Self.rememberedPlaces))), to: placesPath(blob))
    }

    private func placesPath(_ blob: Digest) -> FilePath {
        root.appending("places").appending("\(blob.algorithm.rawValue)-\(blob.encoded)")
    }
}
