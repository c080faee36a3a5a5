// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// Why something on the network is not to be had.
///
/// ``description`` is the sentence, ``remedy`` what a person can do; neither ever holds a secret.
public struct RemoteError: Error, Hashable, Sendable {
    /// What kind of failure it was.
    public enum Kind: Hashable, Sendable {
        /// The text that names it cannot be understood.
        case malformedSource
        /// No such host, connection refused, or no connection within the time limit.
        case unreachable
        /// The TLS handshake failed, or a redirect leaves TLS.
        case insecureConnection
        /// The connection was lost, or the answer ended half-way.
        case connectionLost
        /// Nothing came for too long.
        case timedOut
        /// The server answered with a status that is no success.
        case status(Int)
        /// The answer cannot be understood.
        case malformedAnswer
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
        /// A certificate file cannot be read.
        case certificates
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
            case .unreachable: "cannot fetch \(subject): the host cannot be reached\(more)"
            case .insecureConnection: "cannot fetch \(subject): no secure connection\(more)"
            case .connectionLost: "cannot fetch \(subject): the connection was lost\(more)"
            case .timedOut: "cannot fetch \(subject): the server went silent\(more)"
            case .status(let status): "cannot fetch \(subject): the server answered with status \(status)\(more)"
            case .malformedAnswer: "cannot fetch \(subject): the answer makes no sense\(more)"
            case .checksumMismatch(let expected, let actual):
                "digest mismatch for \(subject): \(actual) (expected: \(expected))"
            case .gitMissing: "cannot fetch \(subject): there is no git program here"
            case .gitFailed: "cannot fetch \(subject): git failed\(more)"
            case .referenceMissing(let name): "repository \(subject) does not contain ref \(name)\(more)"
            case .commitMismatch(let expected, let actual):
                "expected checksum to match \(expected), but \(subject) is at \(actual)"
            case .subdirectoryMissing(let path): "repository \(subject) has no directory \"\(path)\"\(more)"
            case .certificates: "cannot fetch \(subject): the certificates are not usable\(more)"
            case .file: "cannot fetch \(subject)\(more)"
            }
        return attempts > 1 ? "\(text) (tried \(attempts) times)" : text
    }

    /// What a person can do about it, where something can be said.
    public var remedy: String? {
        switch kind {
        case .unreachable: "check the name, the network and the proxy variables (HTTP_PROXY, HTTPS_PROXY, NO_PROXY)"
        case .insecureConnection: "name the CA's certificate in SSL_CERT_FILE"
        case .connectionLost, .timedOut: "try again later"
        case .status(401), .status(403):
            "if a login is needed, pass it with --secret id=HTTP_AUTH_TOKEN_<host>,env=VARIABLE"
        case .status(404), .status(410): "check the address for slips"
        case .checksumMismatch:
            "the file is another one than when the checksum was written: if it may be, correct the checksum"
        case .gitMissing: "install git"
        case .gitFailed:
            "if a login is needed, pass it with --secret id=GIT_AUTH_TOKEN,env=VARIABLE, or --ssh default for ssh"
        case .commitMismatch: "if the other commit may be used, correct the checksum"
        case .certificates: "correct or remove the file"
        default: nil
        }
    }
}
