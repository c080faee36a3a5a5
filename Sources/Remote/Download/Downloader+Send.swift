// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import HTTP
import NIOHTTP1

extension Downloader {
    /// Sends a request and follows redirects. Secrets go only to the host that they are for.
    ///
    /// - Throws: ``RemoteError`` also for any status but 200, 206, 304 and 416; `CancellationError`.
    func send(_ url: WebURL, headers: HTTPHeaders, isPinned: Bool) async throws -> HTTPClientResponse {
        var request = WebRequest(.GET, url, headers: headers)
        // What is stored is what the server has, not a form of it for the way.
        request.headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
        if let authorization = try authorization(for: url) {
            request.headers.replaceOrAdd(name: "Authorization", value: authorization)
        }
        // With a checksum it does not matter who could change the bytes on their way.
        request.mayLeaveTLS = { _ in isPinned }
        request.hintWhenLeavingTLS = "give a --checksum to allow that"
        do {
            let (response, place) = try await transport.follow(request)
            let status = Int(response.status.code)
            if [200, 206, 304, 416].contains(status) { return response }
            _ = try await response.beginning()
            let words = [response.status.reasonPhrase, place.host == url.host ? "" : "from \(place.host)"]
                .filter { !$0.isEmpty }.joined(separator: ", ")
            var error = RemoteError(.status(status), subject: url.redacted, detail: words.isEmpty ? nil : words)
            error.isTransient = RetryPolicy.isTransient(status: status)
            error.retryAfter = response.retryAfter
            throw error
        } catch {
            throw RemoteError.wrap(error, subject: url)
        }
    }

    /// A secret for the host, or what stands in the address itself.
    private func authorization(for url: WebURL) throws -> String? {
        if let secret = try secrets.authorization(forHTTP: url.host) { return secret }
        return url.userInfo.map { "Basic " + Base64.encode($0.contains(":") ? $0 : $0 + ":") }
    }
}

extension RemoteError {
    /// The error that a failure of the network means; cancellation and others come out as they are.
    static func wrap(_ error: any Error, subject: WebURL) -> any Error {
        if error is RemoteError { return error }
        let error = NetworkFailure.wrap(error)
        guard let failure = error as? NetworkFailure else { return error }
        var wrapped = RemoteError(.network(failure.kind), subject: subject.redacted, detail: failure.detail)
        wrapped.isTransient = failure.isTransient
        wrapped.hint = failure.hint
        return wrapped
    }
}
