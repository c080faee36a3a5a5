// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import Glibc
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sorts what the HTTP client throws.
enum NetworkFailure {
    /// The ``RemoteError`` that an error means; cancellation and errors that are sorted already come out as they are.
    static func wrap(_ error: any Error, subject: WebURL) -> any Error {
        if Task.isCancelled || error is CancellationError { return CancellationError() }
        if error is RemoteError { return error }
        let (kind, detail, isTransient) = sorted(error)
        var wrapped = RemoteError(kind, subject: subject.redacted, detail: detail)
        wrapped.isTransient = isTransient
        return wrapped
    }

    private typealias Sorted = (kind: RemoteError.Kind, detail: String?, isTransient: Bool)

    private static func sorted(_ error: any Error) -> Sorted {
        switch error {
        case let error as HTTPClientError: return sorted(error)
        case let error as NIOConnectionError:
            guard let first = error.connectionErrors.first else {
                return (.unreachable, "no address found for \(error.host)", true)
            }
            return sorted(first.error)
        case let error as IOError: return sorted(errno: error.errnoCode)
        case NIOSSLError.uncleanShutdown: return (.connectionLost, "closed without the end of TLS", true)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return (.insecureConnection, words(tls: "\(error)"), false)
        case ChannelError.connectTimeout: return (.unreachable, "no connection in time", true)
        case HTTPParserError.invalidEOFState: return (.connectionLost, "closed half-way", true)
        case is HTTPParserError: return (.malformedAnswer, "not HTTP: \(error)", false)
        default: return (.connectionLost, "\(error)", true)
        }
    }

    private static func sorted(_ error: HTTPClientError) -> Sorted {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout: (.unreachable, "no connection in time", true)
        case .readTimeout, .writeTimeout, .deadlineExceeded: (.timedOut, nil, true)
        case .tlsHandshakeTimeout: (.insecureConnection, "no TLS handshake in time", true)
        case .remoteConnectionClosed: (.connectionLost, "closed by the other side", true)
        case .invalidURL, .emptyHost, .emptyScheme: (.malformedSource, "it is no usable address", false)
        case .proxyAuthenticationRequired: (.unreachable, "the proxy wants a login", false)
        default: (.connectionLost, error.shortDescription, true)
        }
    }

    private static func sorted(errno code: CInt) -> Sorted {
        let words = String(cString: strerror(code)).lowercased()
        return switch code {
        case ECONNREFUSED, EACCES, EPERM: (.unreachable, words, false)
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN, ETIMEDOUT, EADDRNOTAVAIL: (.unreachable, words, true)
        default: (.connectionLost, words, true)
        }
    }

    private static func words(tls text: String) -> String {
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
            return "it does not speak TLS (perhaps plain HTTP)"
        }
        if text.contains("CERTIFICATE_VERIFY_FAILED") { return "nobody known here vouches for its certificate" }
        if text.contains("failedToValidateHostname") { return "its certificate is for another name" }
        return text
    }
}
