// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import Store
public import SystemPackage

/// Where an image is, as people write it.
public enum ImagePlace: Sendable, Hashable {
    /// In a registry: `NAME`, `docker://NAME`.
    case registry(Reference)
    /// In an OCI layout in a directory: `oci:DIR[:TAG]`, `oci-layout://DIR[:TAG][@DIGEST]`.
    case layout(FilePath, OCILayout.Selector)
    /// In a tar file of an OCI layout: `oci-archive:FILE[:TAG]`.
    case layoutArchive(FilePath, OCILayout.Selector)
    /// In an archive of `docker save`: `docker-archive:FILE[:NAME]`.
    case dockerArchive(FilePath, Reference?)
    /// In the store: `store:NAME`.
    case store(Reference)

    /// Reads a place; a text without a scheme is a name in a registry.
    ///
    /// - Parameter absolute: makes a path of what people write.
    /// - Throws: ``ImagesError/badPlace(_:reason:remedy:)``, ``OCIError``.
    public init(_ text: String, absolute: (String) -> FilePath) throws {
        guard let colon = text.firstIndex(of: ":") else {
            self = .registry(try Reference(text))
            return
        }
        let rest = String(text[text.index(after: colon)...])
        let path = rest.hasPrefix("//") ? String(rest.dropFirst(2)) : rest
        switch text[..<colon] {
        case "docker" where rest.hasPrefix("//"): self = .registry(try Reference(path))
        case "store": self = .store(try Reference(path))
        case "oci", "oci-layout":
            let (path, selector) = try Self.layout(try Self.nonempty(path, text), absolute)
            self = .layout(path, selector)
        case "oci-archive":
            let (path, selector) = try Self.layout(try Self.nonempty(path, text), absolute)
            self = .layoutArchive(path, selector)
        case "docker-archive":
            let (path, name) = Self.divided(try Self.nonempty(path, text), absolute)
            self = .dockerArchive(absolute(path), try name.map { try Reference($0) })
        case let scheme where Self.foreignSchemes.contains(String(scheme)) || rest.hasPrefix("//"):
            throw ImagesError.badPlace(
                text, reason: "there are no images of the kind \(scheme):", remedy: Self.known)
        default: self = .registry(try Reference(text))
        }
    }

    /// The registry that has the image, if one has.
    public var registries: [String] {
        if case .registry(let reference) = self { [reference.registry] } else { [] }
    }

    /// The kinds of places, for help texts and remedies.
    public static let known =
        "use NAME or docker://NAME, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME] or store:NAME"

    /// What skopeo and podman have besides, which would be read as the name of an image.
    private static let foreignSchemes: Set<String> = [
        "dir", "containers-storage", "docker-daemon", "ostree", "sif", "tarball", "atomic",
    ]

    private static func nonempty(_ path: String, _ text: String) throws -> String {
        guard path.isEmpty else { return path }
        throw ImagesError.badPlace(text, reason: "the path is missing", remedy: known)
    }

    /// `PATH[:TAG][@DIGEST]`; a path that is there is taken whole.
    ///
    /// - Throws: ``OCIError/invalidDigest(_:)``.
    package static func layout(
        _ text: String, _ absolute: (String) -> FilePath
    ) throws -> (FilePath, OCILayout.Selector) {
        if Files.exists(absolute(text)) { return (absolute(text), .any) }
        var place = text[...]
        var selector = OCILayout.Selector.any
        var digest: Digest?
        if let at = place.lastIndex(of: "@") {
            digest = try Digest(String(place[place.index(after: at)...]))
            place = place[..<at]
        }
        if let colon = place.lastIndex(of: ":"), !place[colon...].contains("/") {
            selector = .tag(String(place[place.index(after: colon)...]))
            place = place[..<colon]
        }
        if let digest { selector = .digest(digest) }
        return (absolute(String(place)), selector)
    }

    /// `PATH[:NAME]`, where the name may have colons itself.
    private static func divided(_ text: String, _ absolute: (String) -> FilePath) -> (String, String?) {
        guard !Files.exists(absolute(text)), let colon = text.firstIndex(of: ":") else { return (text, nil) }
        let name = String(text[text.index(after: colon)...])
        return (String(text[..<colon]), name.isEmpty ? nil : name)
    }
}
