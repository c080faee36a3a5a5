// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import HTTP
public import OCI

/// Why something on the network is not to be had.
///
/// ``description`` is the sentence, ``remedy`` what a person can do; neither ever holds a secret.
public struct RemoteError: Error, Hashable, Sendable {
    /// What kind of failure it was.
    public enum Kind: NetworkFailureKind, Hashable, Sendable {
        /// The text that names it cannot be understood.
        case malformedSource
        /// A failure of the network, of what it needs, or of an answer that makes no sense.
        case network(NetworkFailure.Kind)
        /// The server answered with a status that is no success.
        case status(Int)
        /// The bytes are others than the checksum says.
        case checksumMismatch(expected: Digest, actual: Digest)
        /// There is no git program.
        case gitMissing
        /// The git program failed.
        case gitFailed
        /// The repository has no such branch, tag or commit.
        case referenceMissing(String)
        /// The reference is at another commit than the one asked for.
        case commitMismatch(expected: String, actual: String)
        /// The commit has no such directory.
        case subdirectoryMissing(String)
        /// A file on this host cannot be written or read.
        case file
    }

    public var kind: Kind
    /// What was to be fetched, without passwords.
    public var subject: String
    /// More of what went wrong, in words.
    public var detail: String?
    /// How often it was tried.
    public var attempts = 1

    /// Whether trying again can help.
    var isTransient = false
    /// How long the server asked to wait.
    var retryAfter: Duration?
    /// What helps in this very case, where that is more than its kind says.
    var hint: String?
    /// What went wrong, when it was the network.
    var networkKind: NetworkFailure.Kind? { if case .network(let kind) = kind { kind } else { nil } }

    public init(_ kind: Kind, subject: String, detail: String? = nil) {
        self.kind = kind
        self.subject = subject
        self.detail = detail
    }
}

extension RemoteError: CustomStringConvertible {
    public var description: String {
        let more = detail.map { ": \($0)" } ?? ""
        let text =
            switch kind {
            case .malformedSource: "\(subject)\(more)"
            case .network(let kind): "cannot fetch \(subject): \(kind.sentence(of: "the server"))\(more)"
            case .status(let status): "cannot fetch \(subject): the server answered with status \(status)\(more)"
            case .checksumMismatch(let expected, let actual):
                "digest mismatch for \(subject): \(actual) (expected: \(expected))"
            case .gitMissing: "cannot fetch \(subject): there is no git program here"
            case .gitFailed: "cannot fetch \(subject): git failed\(more)"
            case .referenceMissing(let name): "repository \(subject) does not contain ref \(name)\(more)"
            case .commitMismatch(let expected, let actual):
                "expected checksum to match \(expected), but \(subject) is at \(actual)"
            case .subdirectoryMissing(let path): "repository \(subject) has no directory \"\(path)\"\(more)"
            case .file: "cannot fetch \(subject)\(more)"
            }
        return attempts > 1 ? "\(text) (tried \(attempts) times)" : text
    }

    /// What a person can do about it, where something can be said.
    public var remedy: String? {
        switch kind {
        case .network(let kind): hint ?? kind.remedy
        case .status(401), .status(403):
            "if a login is needed, pass it with --secret id=HTTP_AUTH_TOKEN_<host>,env=VARIABLE"
        case .status(404), .status(410): "check the address for slips"
        case .checksumMismatch:
            "the file is another one than when the checksum was written: if it may be, correct the checksum"
        case .gitMissing: "install git"
        case .gitFailed:
            "if a login is needed, pass it with --secret id=GIT_AUTH_TOKEN,env=VARIABLE, or --ssh default for ssh"
        case .commitMismatch: "if the other commit may be used, correct the checksum"
        default: nil
        }
    }
}
