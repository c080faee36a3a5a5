// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import HTTP
public import OCI

/// Why a registry operation failed: where, doing what, with which answer, after how many attempts.
///
/// ``description`` is the sentence, ``remedy`` what a person can do; neither ever holds a secret.
public struct RegistryError: Error, Sendable {
    /// What kind of failure it was.
    public enum Kind: NetworkFailureKind, Hashable, Sendable {
        /// A failure of the network, of what it needs, or of an answer that makes no sense.
        case network(NetworkFailure.Kind)
        /// The registry wants (other) credentials.
        case unauthorized
        /// The registry knows who asks, and refuses.
        case denied
        /// No such repository, manifest or blob.
        case notFound
        /// The registry asks for fewer requests.
        case tooManyRequests
        /// Any other refusal, a 4xx status.
        case refused
        /// The registry itself failed, a 5xx status.
        case serverFailure
        /// The bytes are not those that the digest names.
        case digestMismatch(expected: Digest, actual: Digest)
        /// There are more or fewer bytes than the descriptor says.
        case sizeMismatch(expected: Int64, actual: Int64)
        /// The document is larger than what is read into memory.
        case tooLarge(limit: Int)
        /// A credentials file cannot be read.
        case credentials
    }

    /// An error as the registry itself words it (distribution-spec, "Error Codes").
    public struct Message: Hashable, Sendable {
        /// The code, such as `MANIFEST_UNKNOWN`.
        public var code: String
        /// The text for people; may be empty.
        public var text: String

        public init(code: String, text: String) {
            self.code = code
            self.text = text
        }
    }

    /// What kind of failure it was.
    public var kind: Kind
    /// The registry, as written in references.
    public var registry: String
    /// What was being done, as in "pull manifest".
    public var operation: String
    /// What it was done with: a reference.
    public var subject: String
    /// The HTTP status, when there was an answer.
    public var status: Int?
    /// What the registry said of it.
    public var messages: [Message] = []
    /// What went wrong below HTTP, or with the answer, in words.
    public var detail: String?
    /// How often it was tried.
    public var attempts = 1
    /// What helps in this very case, where that is more than its kind says.
    public var hint: String?

    /// How long the registry asked to wait.
    var retryAfter: Duration?
    /// Whether trying again can help.
    var isTransient = false
    /// What went wrong, when it was the network.
    var networkKind: NetworkFailure.Kind? { if case .network(let kind) = kind { kind } else { nil } }

    public init(
        _ kind: Kind, registry: String, operation: String, subject: String, status: Int? = nil,
        messages: [Message] = [], detail: String? = nil
    ) {
        self.kind = kind
        self.registry = registry
        self.operation = operation
        self.subject = subject
        self.status = status
        self.messages = messages
        self.detail = detail
    }
}
