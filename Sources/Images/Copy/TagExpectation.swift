// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// What a name must stand for, or else it is not moved.
///
/// Registries offer no step that compares and moves; it is looked at when work begins and right before a name moves.
public enum TagExpectation: Hashable, Sendable {
    case anything
    /// There must be nothing of the name.
    case nothing
    case digest(Digest)

    /// Reads a digest, or `none`.
    ///
    /// - Throws: ``OCIError/invalidDigest(_:)``.
    public init(_ text: String) throws(OCIError) {
        self = text == "none" ? .nothing : .digest(try Digest(text))
    }

    /// Whether a name may move; one that stands for the new image already was moved by a try before this one.
    func allows(_ current: Digest?, becoming new: Digest) -> Bool {
        switch self {
        case .anything: true
        case .nothing: current == nil || current == new
        case .digest(let digest): current == digest || current == new
        }
    }

    /// The digest that is expected.
    var digest: Digest? { if case .digest(let digest) = self { digest } else { nil } }
}
