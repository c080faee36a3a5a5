// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import SystemPackage

/// Why an image cannot be had from a layout.
public enum OCILayoutError: Error, Hashable, Sendable {
    /// A path does not lead to a layout.
    case noLayout(String, reason: String)
    /// The layout has no image of this name, or several and no name was given.
    case noTag(String?, String, tags: [String])
    /// A directory that is to be a layout has other things in it.
    case otherFiles(String)
    /// Somebody keeps others from changing the layout's list of images.
    case busy(String, lock: FilePath)
    /// The layout names a blob that it does not have.
    case missingBlob(Digest, String)
    /// The bytes of a blob are not those that its descriptor says.
    case damagedBlob(Digest, String)
}

extension OCILayoutError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noLayout(let path, let reason): "\(path) is not an OCI image layout: \(reason)"
        case .noTag(let tag?, let path, let tags):
            "the layout \(path) has no image called \"\(tag)\""
                + Self.list(tags, otherwise: "; its images have no names")
        case .noTag(nil, let path, let tags):
            tags.isEmpty
                ? "the layout \(path) has no image that could be meant"
                : "the layout \(path) has several images" + Self.list(tags, otherwise: "")
        case .otherFiles(let path): "\(path) has other files in it and is not an OCI image layout"
        case .busy(let path, let lock): "the layout \(path) cannot be changed: another program holds \(lock)"
        case .missingBlob(let digest, let path): "the layout \(path) has no blob \(digest)"
        case .damagedBlob(let digest, let path): "the bytes of \(digest) in the layout \(path) are not what it promises"
        }
    }

    /// What to do about it.
    public var remedy: String? {
        switch self {
        case .noLayout: "name a directory that has oci-layout, index.json and blobs in it, as skopeo copy writes it"
        case .noTag(_, _, let tags) where !tags.isEmpty: "choose one, as in oci-layout://DIRECTORY:\(tags[0])"
        case .noTag: "choose one by its digest, as in oci-layout://DIRECTORY@sha256:…"
        case .otherFiles: "name a directory that is empty, missing or a layout"
        case .busy: "end that program, or try again when it is done"
        case .missingBlob, .damagedBlob: "write the layout again"
        }
    }

    private static func list(_ tags: [String], otherwise: String) -> String {
        if tags.isEmpty { return otherwise }
        return "; it has \(tags.prefix(10).joined(separator: ", "))" + (tags.count > 10 ? " and others" : "")
    }
}
