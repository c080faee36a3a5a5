// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A git repository at some reference, as a Dockerfile or a command line names it.
public struct GitSource: Hashable, Sendable {
    /// The repository alone: without the reference and the query.
    public internal(set) var remote: String
    /// The host that the repository is on.
    public internal(set) var host: String
    /// A branch, a tag, a full reference or a commit; nil for the default branch.
    public internal(set) var reference: String?
    /// The directory of the repository that is meant; nil for all of it.
    public internal(set) var subdirectory: String?
    /// The commit that it must be, whole or its first digits.
    public var checksum: String?
    /// Whether `.git` is kept; nil when not said.
    public var keepsGitDirectory: Bool?
    /// Whether submodules are left out, which they are not unless it is said.
    public internal(set) var skipsSubmodules = false
    /// What times the files get.
    public internal(set) var modificationTime = ModificationTime.commit

    /// What times the files get.
    public enum ModificationTime: String, Hashable, Sendable {
        /// That of the commit, so that the same commit gives the same bytes.
        case commit
        /// That of the checkout.
        case checkout
    }

    /// The remote for messages: a password is left out.
    public var redacted: String {
        guard let scheme = remote.firstRange(of: "://") else { return remote }
        let authority = remote[scheme.upperBound...].prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
            return remote
        }
        return remote[..<colon] + ":xxxxx" + remote[at...]
    }

    /// The repository with its reference and directory, for messages.
    public var title: String {
        let place = (reference ?? "") + (subdirectory.map { ":\($0)" } ?? "")
        return redacted + (place.isEmpty ? "" : "#\(place)")
    }

    /// Whether a text has the form of a whole commit name, SHA-1 or SHA-256.
    public static func isCommit(_ text: String) -> Bool {
        (text.utf8.count == 40 || text.utf8.count == 64) && text.utf8.allSatisfy(Self.isHexadecimal)
    }

    static func isHexadecimal(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }
}
