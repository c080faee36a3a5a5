// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import SystemPackage

/// A layer that could not be read, written, unpacked or compared.
public enum LayersError: Error, Hashable, Sendable {
    /// A name that no file inside a layer can have.
    case invalidPath(String, reason: String)
    /// The bytes are not a well-formed tar archive; `entry` is the last entry that was understood.
    case malformedArchive(reason: String, entry: TreePath?)
    /// The bytes could not be decompressed.
    case decompressionFailed(compression: String, reason: String)
    /// The blob's bytes are not those that its descriptor names.
    case blobDigestMismatch(expected: Digest, actual: Digest)
    /// The blob has more or fewer bytes than its descriptor says.
    case blobSizeMismatch(expected: Int64, actual: Int64)
    /// The blob unpacks to other bytes than the image's config says.
    case diffIDMismatch(expected: Digest, actual: Digest)
    /// A hard link names something that is not in its layer.
    case hardLinkTargetMissing(link: TreePath, target: TreePath)
    /// An entry lies beneath something that is not a directory.
    case beneathNonDirectory(TreePath)
    /// An entry was given to a writer twice.
    case duplicateEntry(TreePath)
    /// A file's size changed while it was read.
    case fileChanged(TreePath, expectedSize: Int64)
    /// The tar format has no way to say this.
    case unrepresentable(TreePath, reason: String)
    /// A stored layer index is torn or was written by another version.
    case corruptIndex(reason: String)
    /// Symbolic links lead round in a circle, or through more than 255 links.
    case symlinkLoop(TreePath)
    /// A path leads through something that is not a directory.
    case notADirectory(TreePath)
    /// A file would have to take the place of a directory that belongs to somebody.
    case directoryInTheWay(String)
    /// An overlay's upper directory uses a feature that must be off.
    case unsupportedOverlay(TreePath, feature: String)
    /// The system refused.
    case system(operation: String, path: String, errno: Errno)
}

extension LayersError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidPath(let path, let reason): "\"\(path)\" cannot be a path in a layer: \(reason)"
        case .malformedArchive(let reason, nil): "not a well-formed tar archive: \(reason)"
        case .malformedArchive(let reason, let entry?):
            "not a well-formed tar archive: \(reason) (at or after \"\(entry)\")"
        case .decompressionFailed(let compression, let reason): "the \(compression) data is damaged: \(reason)"
        case .blobDigestMismatch(let expected, let actual):
            "the layer blob should be \(expected) but its bytes are \(actual)"
        case .blobSizeMismatch(let expected, let actual):
            "the layer blob should have \(expected) bytes but has \(actual)"
        case .diffIDMismatch(let expected, let actual):
            "the layer should unpack to \(expected) (its diff ID) but unpacks to \(actual)"
        case .hardLinkTargetMissing(let link, let target):
            "\"\(link)\" is a hard link to \"\(target)\", which is not in the same layer before it"
        case .beneathNonDirectory(let path): "\"\(path)\" lies beneath something that is not a directory"
        case .duplicateEntry(let path): "\"\(path)\" was added to the layer twice"
        case .fileChanged(let path, let size): "\"\(path)\" changed while it was read (it had \(size) bytes at first)"
        case .unrepresentable(let path, let reason): "\"\(path)\" cannot be stored in a layer: \(reason)"
        case .corruptIndex(let reason): "a stored layer index is damaged: \(reason)"
        case .symlinkLoop(let path): "\"/\(path)\" leads through too many symbolic links"
        case .notADirectory(let path): "\"/\(path)\" is not a directory"
        case .directoryInTheWay(let path): "\(path) is a directory, and the result has a file there"
        case .unsupportedOverlay(let path, let feature):
            "\"\(path)\" in the overlay's upper directory uses \(feature), which must be off"
        case .system(let operation, let path, let errno): "\(operation) \"\(path)\": \(errno)"
        }
    }

    /// What a person can do about it, where there is something.
    public var remedy: String? {
        switch self {
        case .blobDigestMismatch, .blobSizeMismatch, .decompressionFailed, .diffIDMismatch:
            "Fetch the layer again; if that does not help, the image itself is damaged and must be rebuilt."
        case .corruptIndex: "Delete the index; it is made again from the layer."
        case .fileChanged: "Build again when nothing writes to the file."
        case .directoryInTheWay: "remove it, or name another directory"
        case .system("chown", _, .invalidArgument):
            """
            The owner has no counterpart in the user namespace: give the user a larger range in \
            /etc/subuid and /etc/subgid.
            """
        case .system(_, _, .noSpace): "Free some disk space."
        default: nil
        }
    }
}
