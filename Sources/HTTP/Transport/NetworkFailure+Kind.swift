// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension NetworkFailure {
    /// What a failure means.
    public enum Kind: Hashable, Sendable {
        /// No such host, connection refused, or no connection within the time limit.
        case unreachable
        /// The TLS handshake failed, for instance because of a certificate that nobody vouches for, or something leads from
        /// HTTPS to plain HTTP.
        case insecureConnection
        /// The connection was lost, or the answer ended half-way.
        case connectionLost
        /// Nothing came for longer than ``HTTPConfiguration/idleTimeout``.
        case timedOut
        /// The answer cannot be understood.
        case malformedAnswer
        /// A certificate file cannot be read.
        case certificates
        /// The settings of this machine cannot be used.
        case settings
    }
}

extension NetworkFailure.Kind {
    /// The sentence of an error.
    package func sentence(of host: String) -> String {
        switch self {
        case .unreachable: "\(host) cannot be reached"
        case .insecureConnection: "no secure connection to \(host)"
        case .connectionLost: "the connection to \(host) was lost"
        case .timedOut: "\(host) went silent"
        case .malformedAnswer: "\(host) gave an answer that makes no sense"
        case .certificates: "the certificates are not usable"
        case .settings: "the settings of this machine do not allow it"
        }
    }

    /// What a person can do about it.
    package var remedy: String {
        switch self {
        case .unreachable: "check the name, the network and the proxy variables (HTTP_PROXY, HTTPS_PROXY, NO_PROXY)"
        case .insecureConnection: "name the CA's certificate in SSL_CERT_FILE"
        case .connectionLost, .timedOut: "try again later"
        case .malformedAnswer: "check the address, and that no login page stands before the server"
        case .certificates, .settings: "correct or remove the file"
        }
    }
}

/// The kinds of failures of a room that uses the network: those of the network, and others of its own.
public protocol NetworkFailureKind {
    /// A failure that is not the room's own.
    static func network(_ kind: NetworkFailure.Kind) -> Self
}

extension NetworkFailureKind {
    /// See ``NetworkFailure/Kind/unreachable``.
    public static var unreachable: Self { .network(.unreachable) }
    /// See ``NetworkFailure/Kind/insecureConnection``.
    public static var insecureConnection: Self { .network(.insecureConnection) }
    /// See ``NetworkFailure/Kind/connectionLost``.
    public static var connectionLost: Self { .network(.connectionLost) }
    /// See ``NetworkFailure/Kind/timedOut``.
    public static var timedOut: Self { .network(.timedOut) }
    /// See ``NetworkFailure/Kind/malformedAnswer``.
    public static var malformedAnswer: Self { .network(.malformedAnswer) }
    /// See ``NetworkFailure/Kind/certificates``.
    public static var certificates: Self { .network(.certificates) }
    /// See ``NetworkFailure/Kind/settings``.
    public static var settings: Self { .network(.settings) }
}
