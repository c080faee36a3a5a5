// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import FoundationEssentials
import HTTP
import NIOCore
import NIOHTTP1
import OCI
import Synchronization

extension RegistryClient {
    /// Sends a request, with the authorization that the registry wants, and follows redirects of reads.
    ///
    /// - Throws: ``RegistryError`` also for any status that the call does not accept.
    func send(_ call: Call) async throws -> HTTPClientResponse {
        do {
            if call.isForeign, let address = call.address {
                return try await accepted(try await follow(call, address: address, headers: call.headers), call)
            }
            let endpoint = try await endpoint(of: call.registry, isInsecure: call.isInsecure)
            let address =
                call.address
                ?? WebURL(scheme: endpoint.scheme, authority: endpoint.authority, target: "/v2/" + call.path)
            let answer = try await authorized(call, address: address, endpoint: endpoint)
            hosts.withLock { $0[call.registry]?.hasAnswered = true }
            return try await accepted(answer, call)
        } catch var failure as NetworkFailure {
            // Who has answered a moment ago is likely to come back: a registry that is started anew, for instance.
            if failure.kind == .unreachable, host(call.registry).hasAnswered { failure.isTransient = true }
            throw authorizer.secrets.redacted(RegistryError(failure, call))
        }
    }

    /// An answer, and whether another host gave it than the one that was asked.
    private struct Answer {
        var response: HTTPClientResponse
        var stranger: String?
    }

    private func accepted(_ answer: Answer, _ call: Call) async throws -> HTTPClientResponse {
        let response = answer.response
        guard !call.accepted.contains(response.status.code) else { return response }
        var error = try await failure(response, call)
        if let stranger = answer.stranger, !call.isForeign {
            error.detail = "so says \(stranger), to which it sent the request on"
            error.hint = "\(stranger), where \(call.registry) keeps its content, must let in whom the registry sends"
        }
        throw error
    }

    /// Sends a request; when the registry answers that it wants to know who asks, answers that, once.
    private func authorized(_ call: Call, address: WebURL, endpoint: WebURL) async throws -> Answer {
        let fetch: TokenFetch = { try await self.fetchToken($0, call: call, endpoint: endpoint) }
        let isOwnHost = address.authority == endpoint.authority && address.scheme == endpoint.scheme
        for round in 0... {
            var headers = call.headers
            var shown: Authorizer.Authorization?
            if isOwnHost {
                shown = try await authorizer.authorization(
                    for: call.registry, repository: call.repository, scopes: call.scopes, fetch: fetch)
                if let shown { headers.replaceOrAdd(name: "Authorization", value: shown.header.value) }
            }
            var answer = try await follow(call, address: address, headers: headers)
            if !isOwnHost { answer.stranger = answer.stranger ?? address.authority }
            // What another host wants to see is no business of the registry's credentials.
            guard isOwnHost, answer.stranger == nil, answer.response.status == .unauthorized else { return answer }
            let challenges = Challenge.parse(answer.response.headers["WWW-Authenticate"])
            // A first answer without any authorization is the usual opening; an old token may have to be replaced
            // after that, and then no third time.
            guard authorizer.learn(challenges, registry: call.registry, shown: shown), round < 2 else {
                return answer
            }
            let next = try await authorizer.authorization(
                for: call.registry, repository: call.repository, scopes: call.scopes, fetch: fetch)
            guard let next, next.header != shown?.header else { return answer }
            _ = try await answer.response.beginning()
        }
        throw RegistryError(call, .unauthorized)
    }

    /// Sends a request and follows redirects. Only the registry itself may be less than secure for being called so.
    private func follow(_ call: Call, address: WebURL, headers: HTTPHeaders) async throws -> Answer {
        var request = WebRequest(call.method, address, headers: headers)
        request.body = call.body
        request.isInsecure = call.isInsecure
        request.mayLeaveTLS = { [policy] next in
            policy.isInsecure(next.authority) || (call.isInsecure && next.authority == address.authority)
        }
        request.idleTimeout = call.idleTimeout
        let (response, url) = try await transport.follow(request)
        return Answer(response: response, stranger: url.isSameOrigin(as: address) ? nil : url.authority)
    }

    /// Asks a token service for a token.
    private func fetchToken(_ request: TokenRequest, call: Call, endpoint: WebURL) async throws -> TokenAnswer {
        guard let realm = endpoint.resolve(request.realm) else {
            throw NetworkFailure(.malformedAnswer, detail: "its token service has no usable address")
        }
        if realm.scheme == .http, endpoint.scheme == .https, !policy.isInsecure(realm.authority),
            !call.isInsecure
        {
            throw NetworkFailure(.insecureConnection, detail: "its token service wants passwords over plain HTTP")
        }
        var headers = HTTPHeaders()
        var address = realm
        var body: HTTPClientRequest.Body?
        switch request.credential {
        case .identityToken:
            headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            body = .bytes(ByteBuffer(string: request.form))
        case .password(let username, let password):
            let header = Credential.basic(username: username, password: password)
            headers.add(name: "Authorization", value: header.value)
            fallthrough
        case nil:
            if !request.form.isEmpty { address = realm.appending(query: request.form) }
        }
        let response = try await transport.send(
            body == nil ? .GET : .POST, to: address, headers: headers, body: body,
            isInsecure: call.isInsecure && address.authority == endpoint.authority)
        guard response.status == .ok else {
            var error = try await failure(response, call)
            error.detail = ["its token service \(realm.authority) does not give a token", error.detail]
                .compactMap(\.self).joined(separator: "; ")
            throw error
        }
        guard let answer = TokenAnswer(try await response.beginning()) else {
            throw NetworkFailure(
                .malformedAnswer, detail: "its token service \(realm.authority) sent no token", isTransient: true)
        }
        return answer
    }

    /// The error that an answer with an unwelcome status is.
    func failure(_ response: HTTPClientResponse, _ call: Call) async throws -> RegistryError {
        let body = try await response.beginning()
        let status = Int(response.status.code)
        let kind: RegistryError.Kind =
            switch status {
            case 401: .unauthorized
            case 403: .denied
            case 404: .notFound
            case 429: .tooManyRequests
            case 400...499: .refused
            case 500...: .serverFailure
            default: .malformedAnswer
            }
        var error = RegistryError(
            kind, registry: call.registry, operation: call.operation, subject: call.subject, status: status,
            messages: RegistryError.Message.parse(body, authorizer.secrets.redacted))
        let type = response.headers.first(name: "Content-Type")?.lowercased() ?? ""
        if error.messages.isEmpty, type.hasPrefix("text/html") { error.detail = "it answered with a web page" }
        if error.kind == .unauthorized || error.kind == .denied, !call.isForeign {
            error.detail = await authorizer.shown(to: call.registry, repository: call.repository)
        }
        error.isTransient = RetryPolicy.isTransient(status: status)
        error.retryAfter = response.retryAfter
        return error
    }
}

extension RegistryError {
    init(_ failure: NetworkFailure, _ call: Call) {
        self.init(
            .network(failure.kind), registry: call.registry, operation: call.operation, subject: call.subject,
            detail: failure.detail)
        isTransient = failure.isTransient
        hint = failure.hint
    }
}

extension RegistryError.Message {
    private struct Document: Decodable {
        struct Entry: Decodable {
            var code: String?
            var message: String?
        }
        var errors: [Entry]?
    }

    /// The entries of an error body, cut to what fits a sentence; none when it is not one.
    ///
    /// - Parameter redacted: takes out secrets, before the text is cut: a half of one is still a secret.
    static func parse(_ body: [UInt8], _ redacted: (String) -> String) -> [RegistryError.Message] {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(body)) else { return [] }
        return (document.errors ?? []).prefix(5).map {
            RegistryError.Message(
                code: String(redacted($0.code ?? "UNKNOWN").prefix(64)),
                text: String(redacted($0.message ?? "").prefix(300)))
        }
    }
}
