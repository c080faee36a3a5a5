// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import SystemPackage

/// What went wrong with the store on disk.
public enum StoreError: Error, Sendable {
    /// A system call on a file of the store failed.
    case file(operation: String, path: FilePath, errno: Errno)
    /// The bytes of a blob are not those that its name promises.
    case digestMismatch(expected: Digest, actual: Digest)
    /// A blob is not in the store.
    case missingBlob(Digest)
    /// The store was written by a newer manifold.
    case unknownVersion(String, path: FilePath)
    /// A directory holds something else than a store.
    case notAStore(path: FilePath)
    /// Another manifold works with the store and what was asked needs it alone.
    case busy(path: FilePath)
}

extension StoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .file(let operation, let path, let errno):
            "cannot \(operation) \(path): \(errno)"
        case .digestMismatch(let expected, let actual):
            "the bytes are not what their name promises: expected \(expected), got \(actual)"
        case .missingBlob(let digest):
            "blob \(digest) is not in the store"
        case .unknownVersion(let version, let path):
            "the store at \(path) has version \(version), which this manifold does not know"
        case .notAStore(let path):
            "\(path) is not a manifold store and not empty"
        case .busy(let path):
            "another manifold is working with the store at \(path)"
        }
    }

    /// What to do about it.
    public var remedy: String? {
        switch self {
        case .file(_, let path, .noSpace), .file(_, let path, .diskQuotaExceeded):
            "free some space on the disk that holds \(path) (manifold prune removes cached layers), or choose another with --root"
        case .file(_, _, .permissionDenied), .file(_, _, .readOnlyFileSystem):
            "choose a directory that you may write to with --root or MANIFOLD_ROOT"
        case .digestMismatch:
            "build again: the damaged copy is not used and will be fetched or made anew"
        case .unknownVersion:
            "use the newer manifold, or another store with --root"
        case .notAStore:
            "choose an empty directory, or one that is not there yet, with --root or MANIFOLD_ROOT"
        case .busy:
            "wait until the other build is done, then try again"
        case .file, .missingBlob: nil
        }
    }
}
