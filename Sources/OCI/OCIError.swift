// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Text that was to become an OCI value and could not.
public enum OCIError: Error, Hashable, Sendable {
    /// Not `algorithm:hex` of a registered algorithm.
    case invalidDigest(String)
    /// Not an image reference; the second text says what is wrong with it.
    case invalidReference(String, reason: String)
    /// Not a platform; `suggestion` is the nearest known spelling.
    case unknownPlatform(String, suggestion: String?)
    /// Not a rule for base images; the second text says what is wrong with it.
    case invalidBaseRule(String, reason: String)
    /// A manifest list that cannot be edited as asked.
    case list(ListProblem)
}

extension OCIError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidDigest(let text):
            "\"\(text)\" is not a digest (wanted: sha256: and 64 hexadecimal digits)"
        case .invalidReference(let text, let reason):
            "\"\(text)\" is not an image reference: \(reason)"
        case .unknownPlatform(let text, let suggestion?):
            "unknown platform \"\(text)\" (did you mean \(suggestion)?)"
        case .unknownPlatform(let text, nil):
            "unknown platform \"\(text)\" (wanted: os/architecture[/variant], as in linux/arm64 or linux/arm/v7)"
        case .invalidBaseRule(let text, let reason):
            "\"\(text)\" is not a rule for base images: \(reason)"
        case .list(let problem): problem.description
        }
    }
}

extension OCIError {
    /// What helps, where there is more to say than the sentence does.
    public var remedy: String? {
        switch self {
        case .list(let problem): problem.remedy
        case .invalidBaseRule: "write it as NAME[:TAG][::PLATFORM]=IMAGE, as in 'alpine:*={dockerlib}/alpine:*'"
        case .invalidDigest, .invalidReference, .unknownPlatform: nil
        }
    }
}
