// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A request that got no answer, or half of one, sorted by what that means.
public struct NetworkFailure: Error {
    public var kind: Kind
    /// More of what went wrong, in words.
    public var detail: String?
    /// Whether trying again can help.
    public var isTransient: Bool
    /// What helps, where that is more than the kind says.
    public var hint: String?

    package init(_ kind: Kind, detail: String? = nil, isTransient: Bool = false, hint: String? = nil) {
        self.kind = kind
        self.detail = detail
        self.isTransient = isTransient
        self.hint = hint
    }

    /// Sorts what the HTTP client throws. Cancellation and errors of the caller's own come out as they are.
    package static func wrap(_ error: any Error) -> any Error {
        if Task.isCancelled || error is CancellationError { return CancellationError() }
        switch error {
        case is NetworkFailure: return error
        case let failure as SourceFailure: return failure.error
        case let error as HTTPClientError: return wrap(error)
        case let error as NIOConnectionError: return wrap(error)
        case let error as IOError: return wrap(errno: error.errnoCode)
        case NIOSSLError.uncleanShutdown:
            return NetworkFailure(.connectionLost, detail: "closed without the end of TLS", isTransient: true)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            let (detail, hint) = words(tls: "\(error)")
            return NetworkFailure(.insecureConnection, detail: detail, hint: hint)
        case ChannelError.connectTimeout:
            return NetworkFailure(.unreachable, detail: "no connection in time", isTransient: true)
        case HTTPParserError.invalidEOFState:
            return NetworkFailure(.connectionLost, detail: "closed half-way", isTransient: true)
        case is HTTPParserError:
            return NetworkFailure(.malformedAnswer, detail: "not HTTP: \(error)")
        default: return NetworkFailure(.connectionLost, detail: "\(error)", isTransient: true)
        }
    }

    private static func wrap(_ error: HTTPClientError) -> NetworkFailure {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout:
            NetworkFailure(.unreachable, detail: "no connection in time", isTransient: true)
        case .readTimeout, .writeTimeout, .deadlineExceeded:
            NetworkFailure(.timedOut, isTransient: true)
        case .tlsHandshakeTimeout:
            NetworkFailure(.insecureConnection, detail: "no TLS handshake in time", isTransient: true)
        case .remoteConnectionClosed:
            NetworkFailure(.connectionLost, detail: "closed by the other side", isTransient: true)
        case .invalidURL, .emptyHost, .emptyScheme:
            NetworkFailure(.malformedAnswer, detail: "it names an address that is none")
        case .proxyAuthenticationRequired:
            NetworkFailure(.unreachable, detail: "the proxy wants a user name and a password")
        case .invalidProxyResponse:
            NetworkFailure(.unreachable, detail: "the proxy refuses to connect", isTransient: true)
        case .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
            NetworkFailure(.unreachable, detail: "the proxy does not answer in time", isTransient: true)
        default: NetworkFailure(.connectionLost, detail: error.shortDescription, isTransient: true)
        }
    }

    private static func wrap(_ error: NIOConnectionError) -> NetworkFailure {
        guard let first = error.connectionErrors.first else {
            return NetworkFailure(.unreachable, detail: "no address found for \(error.host)", isTransient: true)
        }
        if let cause = first.error as? IOError { return wrap(errno: cause.errnoCode) }
        return NetworkFailure(.unreachable, detail: "\(first.error)", isTransient: true)
    }

    private static func wrap(errno code: CInt) -> NetworkFailure {
        let words = String(cString: strerror(code)).lowercased()
        return switch code {
        case ECONNREFUSED, EACCES, EPERM: NetworkFailure(.unreachable, detail: words)
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN, ETIMEDOUT, EADDRNOTAVAIL:
            NetworkFailure(.unreachable, detail: words, isTransient: true)
        default: NetworkFailure(.connectionLost, detail: words, isTransient: true)
        }
    }

    private static func words(tls text: String) -> (detail: String, hint: String?) {
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
            return ("it does not speak TLS (perhaps plain HTTP)", nil)
        }
        // The TLS library keeps to itself which of them it is.
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return ("nobody known here vouches for its certificate, or that has expired", nil)
        }
        if text.contains("CERTIFICATE_REQUIRED") || text.contains("ALERT_BAD_CERTIFICATE") {
            return ("it wants to see a client certificate (client.cert and client.key in its certs.d folder)", nil)
        }
        if text.contains("failedToValidateHostname") {
            return ("its certificate is for another name", "call it by a name that its certificate has")
        }
        return (text, nil)
    }
}

/// An error of the source of an upload, marked so that it is not taken for one of the network.
package struct SourceFailure: Error {
    package var error: any Error

    package init(_ error: any Error) { self.error = error }
}
