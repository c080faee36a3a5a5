// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import AsyncHTTPClient
import NIOCore
package import NIOHTTP1

/// A request, with what is needed to send it once more elsewhere.
package struct WebRequest: Sendable {
    package var method: HTTPMethod
    package var url: WebURL
    package var headers: HTTPHeaders
    /// Makes the body anew for each time that the request is sent.
    package var body: (@Sendable () throws -> HTTPClientRequest.Body)?
    /// Whether the host need not prove who it is; other hosts that it redirects to must.
    package var isInsecure = false
    /// Whether it does not matter who could read or change what comes.
    package var mayLeaveTLS: @Sendable (WebURL) -> Bool = { _ in false }
    /// What helps when it does matter.
    package var hintWhenLeavingTLS: String?
    /// How long the answer may take, where that is longer than usual.
    package var idleTimeout: Duration?

    package init(_ method: HTTPMethod, _ url: WebURL, headers: HTTPHeaders = [:]) {
        self.method = method
        self.url = url
        self.headers = headers
    }
}

extension Transport {
    /// Sends a request and follows redirects, for writes those that say that the method stays.
    ///
    /// Once it has been sent to another host, scheme or port, its Authorization header is dropped for good.
    /// - Throws: A ``NetworkFailure``, also for redirects that lead nowhere, in circles or from HTTPS to plain HTTP;
    ///   `CancellationError`; what making the body threw.
    package func follow(_ request: WebRequest) async throws -> (response: HTTPClientResponse, url: WebURL) {
        var (url, headers) = (request.url, request.headers)
        let reads = request.method == .GET || request.method == .HEAD
        for _ in 0..<Self.maximumRedirects {
            let isOwn = url.authority == request.url.authority
            let response = try await send(
                request.method, to: url, headers: headers, body: request.body?(),
                isInsecure: request.isInsecure && isOwn, idleTimeout: request.idleTimeout)
            guard (reads ? [301, 302, 303, 307, 308] : [307, 308]).contains(response.status.code) else {
                return (response, url)
            }
            guard let next = response.headers.first(name: "Location").flatMap({ url.resolve($0) }) else {
                throw NetworkFailure(.malformedAnswer, detail: "a redirect to nowhere")
            }
            guard url.scheme == .http || next.scheme == .https || request.mayLeaveTLS(next) else {
                throw NetworkFailure(
                    .insecureConnection, detail: "it redirects to plain HTTP at \(next.authority)",
                    hint: request.hintWhenLeavingTLS)
            }
            _ = try await response.beginning()
            if !next.isSameOrigin(as: url) { headers.remove(name: "Authorization") }
            url = next
        }
        throw NetworkFailure(.malformedAnswer, detail: "redirects without an end")
    }

    private static let maximumRedirects = 10
}

extension HTTPClientResponse {
    /// The first 64 KiB of the body, so that the connection can be used again; nothing of one that is longer or breaks off.
    ///
    /// - Throws: `CancellationError`.
    package func beginning() async throws -> [UInt8] {
        do {
            return Array(try await body.collect(upTo: 64 * 1024).readableBytesView)
        } catch {
            try Task.checkCancellation()
            return []
        }
    }

    /// How long the server asks to wait: the Retry-After header.
    package var retryAfter: Duration? { headers.first(name: "Retry-After").flatMap { RetryPolicy.pause($0) } }
}
