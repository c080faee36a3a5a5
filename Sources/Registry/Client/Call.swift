// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import HTTP
import NIOHTTP1
import OCI

/// One request to a registry, with what is needed to repeat it and to speak of it.
struct Call: Sendable {
    var registry: String
    /// The repository, for credentials that are only for some.
    var repository: String?
    /// Whether the registry need not prove who it is.
    var isInsecure: Bool
    /// Whether this goes to a mirror, which is not waited for as long.
    var isMirror: Bool
    /// What is being done, for errors: "pull manifest".
    var operation: String
    /// What it is done with, for errors.
    var subject: String
    var method: HTTPMethod
    /// Where to, when not below the registry's `/v2/`.
    var address: WebURL?
    /// Whether ``address`` is not the registry's, so that it gets no authorization.
    var isForeign = false
    /// How long the answer may take, where that is longer than usual.
    var idleTimeout: Duration?
    /// Path and query below `/v2/`.
    var path: String
    var headers: HTTPHeaders = [:]
    /// Makes the body anew for each time that the request is sent.
    var body: (@Sendable () throws -> HTTPClientRequest.Body)?
    /// The scopes that a token must have.
    var scopes: [String]
    /// The statuses that are answers, not failures.
    var accepted: Set<UInt>

    init(
        _ method: HTTPMethod, _ path: String, of route: Route, operation: String, subject: String,
        access: Access, accepted: Set<UInt>
    ) {
        let reference = route.reference
        self.registry = reference.registry
        self.repository = reference.repository
        self.isInsecure = route.isInsecure
        self.isMirror = route.isMirror
        self.operation = operation
        self.subject = subject
        self.method = method
        self.path = "\(reference.repository)/\(path)"
        self.scopes = ["repository:\(reference.repository):\(access.rawValue)"]
        self.accepted = accepted
    }

    /// What a token must allow on the repository.
    enum Access: String {
        case pull
        case push = "pull,push"
        case delete = "pull,delete"
    }
}
