// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import HTTP
import Logging
import NIOCore
import NIOHTTP1

extension Downloader {
    /// An answer and where it came from, after redirects.
    struct Answer {
        var response: HTTPClientResponse
        var url: WebURL
    }

    /// Sends a request and follows redirects. Secrets go only to the host that they are for.
    ///
    /// - Throws: ``RemoteError`` also for any status but 200, 206, 304 and 416; `CancellationError`.
    func send(_ url: WebURL, headers: HTTPHeaders, isPinned: Bool) async throws -> Answer {
        var address = url
        for _ in 0..<10 {
            var request = HTTPClientRequest(url: address.text)
            request.headers = headers
            request.headers.replaceOrAdd(name: "User-Agent", value: configuration.userAgent)
            // What is stored is what the server has, not a form of it for the way.
            request.headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
            if let authorization = try authorization(for: address, of: url) {
                request.headers.replaceOrAdd(name: "Authorization", value: authorization)
            }
            let response = try await execute(request, address, of: url)
            let status = Int(response.status.code)
            switch status {
            case 200, 206, 304, 416: return Answer(response: response, url: address)
            case 301, 302, 303, 307, 308:
                guard let next = response.headers.first(name: "Location").flatMap({ address.resolve($0) }) else {
                    throw RemoteError(.malformedAnswer, subject: url.redacted, detail: "a redirect to nowhere")
                }
                // With a checksum it does not matter who could change the bytes on their way.
                guard address.scheme == .http || next.scheme == .https || isPinned else {
                    throw RemoteError(
                        .insecureConnection, subject: url.redacted,
                        detail: "it redirects to plain HTTP at \(next.host); give a --checksum to allow that")
                }
                try await Self.discard(response)
                address = next
            default:
                try await Self.discard(response)
                var error = RemoteError(
                    .status(status), subject: url.redacted, detail: Self.phrase(response.status, address, of: url))
                error.isTransient = [408, 425, 429, 500, 502, 503, 504].contains(status)
                error.retryAfter = response.headers.first(name: "Retry-After").flatMap { Int64($0) }
                    .map { .seconds(min(max($0, 0), 86_400)) }
                throw error
            }
        }
        throw RemoteError(.malformedAnswer, subject: url.redacted, detail: "redirects without an end")
    }

    /// A secret for the host, or what stands in the address itself.
    private func authorization(for address: WebURL, of url: WebURL) throws -> String? {
        // A server that redirects elsewhere must not learn what another host's secret is; one that is named for the
        // other host is not meant either, as the user did not name it.
        guard address.isSameOrigin(as: url) else { return nil }
        if let secret = try secrets.authorization(forHTTP: url.host) { return secret }
        return url.userInfo.map { "Basic " + Base64.encode($0.contains(":") ? $0 : $0 + ":") }
    }

    private func execute(
        _ request: HTTPClientRequest, _ address: WebURL, of url: WebURL
    ) async throws -> HTTPClientResponse {
        do {
            let response = try await client(for: address).execute(request, deadline: .distantFuture)
            logger.debug("download", metadata: ["host": "\(address.host)", "status": "\(response.status.code)"])
            return response
        } catch {
            logger.debug("download failed", metadata: ["host": "\(address.host)", "error": "\(error)"])
            throw NetworkFailure.wrap(error, subject: url)
        }
    }

    /// Reads a short rest of an answer, so that its connection can be used again.
    private static func discard(_ response: HTTPClientResponse) async throws {
        var count = 0
        do {
            for try await buffer in response.body {
                count += buffer.readableBytes
                if count > 64 << 10 { return }
            }
        } catch {
            // What is thrown away may as well be broken.
            try Task.checkCancellation()
        }
    }

    private static func phrase(_ status: HTTPResponseStatus, _ address: WebURL, of url: WebURL) -> String? {
        let place = address.host == url.host ? nil : "from \(address.host)"
        let words = [status.reasonPhrase, place ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
        return words.isEmpty ? nil : words
    }
}
