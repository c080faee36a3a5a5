// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP

extension RegistryError: CustomStringConvertible {
    /// The sentence: what could not be done, and why.
    public var description: String {
        var text = "cannot \(operation) \(subject): \(reason)"
        let said = messages.map { $0.text.isEmpty ? $0.code : "\($0.code): \($0.text)" }
        if !said.isEmpty { text += "; the registry says \(said.joined(separator: ", "))" }
        if attempts > 1 { text += " (tried \(attempts) times)" }
        return text
    }

    var reason: String {
        let answer = status.map { " (HTTP status \($0))" } ?? ""
        let more = detail.map { ": \($0)" } ?? ""
        return switch kind {
        case .malformedAnswer: "\(registry) gave an answer that no registry gives\(answer)\(more)"
        case .network(let kind): kind.sentence(of: registry) + more
        case .unauthorized: "\(registry) wants a login\(answer)\(more)"
        case .denied: "\(registry) denies access\(answer)\(more)"
        case .notFound: "\(registry) does not have it\(answer)\(more)"
        case .tooManyRequests: "\(registry) limits the rate of requests\(answer)\(more)"
        case .refused: "\(registry) refused the request\(answer)\(more)"
        case .serverFailure: "\(registry) failed\(answer)\(more)"
        case .digestMismatch(let expected, let actual): "wanted the bytes of \(expected), got those of \(actual)"
        case .sizeMismatch(let expected, let actual): "wanted \(expected) bytes, got \(actual)\(more)"
        case .tooLarge(let limit): "it is larger than \(limit) bytes"
        case .credentials: "the stored credentials are not usable\(more)"
        }
    }

    /// What a person can do about it, where something can be said.
    public var remedy: String? {
        if let hint { return hint }
        return switch kind {
        case .unauthorized, .denied:
            "log in with `manifold login \(registry)`, or put credentials for \(registry) that may do this into "
                + "$DOCKER_CONFIG/config.json or ~/.docker/config.json"
        case .notFound: "check the name and the tag for slips; a private repository also looks absent without a login"
        case .unreachable: "check the name and the port, and that the registry is running"
        case .insecureConnection:
            "name the CA's certificate in SSL_CERT_FILE, or name \(registry) as an insecure registry"
        case .tooManyRequests: "wait, or log in: most registries allow more to users that they know"
        case .serverFailure, .connectionLost, .timedOut: "try again later; the registry's own log says more"
        case .digestMismatch, .sizeMismatch:
            "the registry's storage, or something between it and here, is damaged: push the image again"
        case .malformedAnswer: "check that \(registry) is a registry and no proxy or login page stands before it"
        case .network(let kind): kind.remedy
        case .credentials: "correct or remove the file"
        case .tooLarge, .refused: nil
        }
    }
}
